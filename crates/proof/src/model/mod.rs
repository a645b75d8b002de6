//! A second, deliberately naive implementation of the regulation, written from its text without a look at the core.
