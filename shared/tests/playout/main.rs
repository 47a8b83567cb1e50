//! Playing through a bad network: seeded impairment, balances, delays, clicks, concealment.

mod clicks;
mod concealment;
mod conditions;
mod delays;
mod digits;
mod listen;
mod network;
