//! `chachu`: everything that the product does, behind one command.

fn main() -> std::process::ExitCode {
    server::commands::main()
}
