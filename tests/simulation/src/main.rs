//! `sim`: runs histories. See `sim --help`.

fn main() -> std::process::ExitCode {
    quoin_simulation::command_line::run()
}
