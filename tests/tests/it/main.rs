//! Dialbench in a real browser, from the real program. One program of tests, so that it is linked once and its tests fill
//! each other's waits.

mod accessibility;
mod audit;
mod canary;
mod delays;
mod dialer;
mod flow;
mod flow_drafts;
mod flow_faults;
mod flow_picture;
mod http;
mod keyboard;
mod live_call;
mod outage;
mod prompt_lab;
mod prompts;
mod routing;
mod sound;
mod voice;
mod voice_faults;
