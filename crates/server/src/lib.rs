//! The control plane: gateway, identity, actions, tasks, store, background loops.
