//! The wire contract: every action's request and response type and the action table, generated from the committed facts in `api/*.json`.
