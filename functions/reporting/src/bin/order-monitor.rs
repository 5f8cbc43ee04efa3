//! Measures the stages of orders.

fn main() -> Result<(), quoin_runtime::Error> {
    quoin_runtime::run_consumer(quoin_runtime::in_order::<quoin_reporting::consumers::order_monitor::OrderMonitor>)
}
