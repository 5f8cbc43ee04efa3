//! The Runtime API: asks for an event, answers it, forever.

use std::io::Write;
use std::net::TcpStream;
use std::time::Instant;

use crate::http::Connection;
use crate::json::quoted;
use crate::{Error, variable};

const PATH: &str = "/2018-06-01/runtime/invocation";

/// Serves events until the environment ends; returns only with an error.
pub fn serve(mut handle: impl FnMut(&[u8]) -> Result<String, Error>) -> Result<(), Error> {
    let host = variable("AWS_LAMBDA_RUNTIME_API")?;
    let stream = TcpStream::connect(&host)?;
    stream.set_nodelay(true)?;
    let mut connection = Connection::new(stream);
    let next = format!("GET {PATH}/next HTTP/1.1\r\nhost:{host}\r\n\r\n");
    loop {
        let event = connection.exchange(next.as_bytes())?;
        let id = event.header("lambda-runtime-aws-request-id").ok_or("an event without an id")?.to_owned();
        let start = Instant::now();
        let (what, body) = match handle(event.body) {
            Ok(answer) => ("response", answer),
            Err(error) => {
                let message = quoted(&error.to_string());
                ("error", format!(r#"{{"errorType":"Error","errorMessage":{message}}}"#))
            }
        };
        log(&id, what, start)?;
        let length = body.len();
        let answer = format!(
            "POST {PATH}/{id}/{what} HTTP/1.1\r\nhost:{host}\r\ncontent-type:application/json\r\ncontent-length:{length}\r\n\r\n{body}"
        );
        let status = connection.exchange(answer.as_bytes())?.status;
        if status >= 300 {
            return Err(format!("the runtime answered {status}").into());
        }
    }
}

/// One line, in one write.
fn log(id: &str, what: &str, start: Instant) -> Result<(), Error> {
    let micros = start.elapsed().as_micros();
    let line = format!("{{\"level\":\"INFO\",\"request_id\":\"{id}\",\"message\":\"{what}\",\"micros\":{micros}}}\n");
    Ok(std::io::stdout().write_all(line.as_bytes())?)
}
