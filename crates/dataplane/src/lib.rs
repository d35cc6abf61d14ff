//! Makes redis nodes exist or not exist; knows nothing of tenants or tasks.
