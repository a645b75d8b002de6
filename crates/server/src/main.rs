//! `chachu`: everything that the product does, behind one command.

/// Every request makes and drops thousands of short texts; docs/decisions/allocator.md has the figures.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> std::process::ExitCode {
    server::commands::main()
}
