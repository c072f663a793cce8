//! What a policy says holds for what it was asked about, and no longer than the rights of a client stay as they are.

mod anew;
mod answers;
