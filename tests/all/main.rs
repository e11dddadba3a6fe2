//! One integration binary: the wire in bytes, behaviour through the client, the rules of the house.

mod behaviour;
