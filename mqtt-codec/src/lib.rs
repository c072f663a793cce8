//! See the workspace README.
#![no_std]
