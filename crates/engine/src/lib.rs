//! Durable tasks made of steps; knows nothing of Redis or HTTP.
