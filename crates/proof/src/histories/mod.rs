//! Guided random histories: mostly lawful, so that they get deep, with frequent violations.
