//! Brokers that crash, and are restored from what their store had at that moment.
//!
//! | Module | |
//! |---|---|
//! | `law` | whatever was sent, the store knew of it before |
//! | `held_back` | the same for what needs several pairs |
//! | `replays`, `wills`, `resends` | what goes on where it was |
//! | `damage` | pairs that are damaged, or contradict each other |
//! | `numbers` | numbers are used once |
//! | `world` | a broker with its store |

mod damage;
mod half_a_will;
mod held_back;
mod high_numbers;
mod law;
mod numbers;
mod replays;
mod resends;
mod wills;
mod world;
