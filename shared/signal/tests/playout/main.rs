//! Playing through a bad network: seeded impairment, balances, delays, losses without numbers, clicks, concealment.

mod clicks;
mod concealment;
mod conditions;
mod delays;
mod digits;
mod listen;
mod network;
mod numberless;
