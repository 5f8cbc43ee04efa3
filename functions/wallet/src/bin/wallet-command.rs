//! Money commands, invoked by IAM.

fn main() -> Result<(), quoin_runtime::Error> {
    quoin_runtime::run_direct(quoin_wallet::wallet_command)
}
