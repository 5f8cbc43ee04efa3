//! HTTP/1.1 over a connection that stays open: one request, one response.

use std::io::{self, ErrorKind, Read, Write};

const ROOM: usize = 64 * 1024;

/// A connection, with what was read from it.
pub struct Connection<S> {
    stream: S,
    input: Vec<u8>,
    filled: usize,
    // A body that came in chunks.
    joined: Vec<u8>,
    open: bool,
}

/// A response; it lives until the next request.
#[derive(Debug)]
pub struct Reply<'a> {
    /// The status.
    pub status: u16,
    /// The body.
    pub body: &'a [u8],
    head: &'a str,
}

impl<'a> Reply<'a> {
    /// A header's value.
    pub fn header(&self, name: &str) -> Option<&'a str> {
        header(self.head, name)
    }
}

impl<S: Read + Write> Connection<S> {
    /// A connection that nothing was sent over yet.
    pub fn new(stream: S) -> Self {
        Self { stream, input: vec![0; ROOM], filled: 0, joined: Vec::new(), open: true }
    }

    /// Whether another request can be sent.
    pub fn is_open(&self) -> bool {
        self.open
    }

    /// Sends a request and reads its response.
    pub fn exchange(&mut self, request: &[u8]) -> io::Result<Reply<'_>> {
        self.open = false;
        self.stream.write_all(request)?;
        self.stream.flush()?;
        self.filled = 0;
        let head = self.until(0, b"\r\n\r\n")?;
        let (status, length, chunked) = {
            let head = text(&self.input[..head])?;
            let status = head.get(9..12).and_then(|status| status.parse().ok()).ok_or_else(|| bad("status"))?;
            let chunked = header(head, "transfer-encoding").is_some_and(|value| value.eq_ignore_ascii_case("chunked"));
            let length = header(head, "content-length").map_or(Ok(0), |value| value.parse().map_err(|_| bad("length")));
            (status, length?, chunked)
        };
        let start = head + 4;
        if chunked {
            self.join(start)?;
        } else {
            self.fill(start + length)?;
        }
        let body = if chunked { &self.joined[..] } else { &self.input[start..start + length] };
        let head = text(&self.input[..head])?;
        self.open = !header(head, "connection").is_some_and(|value| value.eq_ignore_ascii_case("close"));
        Ok(Reply { status, body, head })
    }

    /// Joins the chunks that begin there.
    fn join(&mut self, mut at: usize) -> io::Result<()> {
        self.joined.clear();
        loop {
            let line = self.until(at, b"\r\n")?;
            let size = text(&self.input[at..line])?.split(';').next().unwrap_or_default().trim();
            let size = usize::from_str_radix(size, 16).map_err(|_| bad("chunk"))?;
            let start = line + 2;
            at = start + size + 2;
            self.fill(at)?;
            self.joined.extend_from_slice(&self.input[start..start + size]);
            if size == 0 {
                return Ok(());
            }
        }
    }

    /// Where a mark stands, at or after a place.
    fn until(&mut self, from: usize, mark: &[u8]) -> io::Result<usize> {
        let mut from = from;
        loop {
            let seen = self.input.get(from..self.filled).unwrap_or_default();
            if let Some(at) = seen.windows(mark.len()).position(|window| window == mark) {
                return Ok(from + at);
            }
            from = from.max(self.filled.saturating_sub(mark.len() - 1));
            self.fill(self.filled + 1)?;
        }
    }

    /// Reads until so many bytes are there.
    fn fill(&mut self, end: usize) -> io::Result<()> {
        while self.filled < end {
            if self.input.len() < end {
                self.input.resize(end.next_power_of_two(), 0);
            }
            match self.stream.read(&mut self.input[self.filled..]) {
                Ok(0) => return Err(ErrorKind::UnexpectedEof.into()),
                Ok(count) => self.filled += count,
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
        Ok(())
    }
}

fn header<'a>(head: &'a str, name: &str) -> Option<&'a str> {
    let lines = head.split("\r\n").filter_map(|line| line.split_once(':'));
    lines.filter(|(key, _)| key.eq_ignore_ascii_case(name)).map(|(_, value)| value.trim()).next()
}

fn text(bytes: &[u8]) -> io::Result<&str> {
    std::str::from_utf8(bytes).map_err(|_| bad("head"))
}

fn bad(what: &str) -> io::Error {
    io::Error::new(ErrorKind::InvalidData, format!("a response's {what} cannot be read"))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What a peer sends, a few bytes at a time.
    struct Slow(&'static [u8]);

    impl Read for Slow {
        fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
            let count = self.0.len().min(3).min(into.len());
            let (now, later) = self.0.split_at(count);
            into[..count].copy_from_slice(now);
            self.0 = later;
            Ok(count)
        }
    }

    impl Write for Slow {
        fn write(&mut self, from: &[u8]) -> io::Result<usize> {
            Ok(from.len())
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    #[test]
    fn reads_a_body_by_its_length() {
        let mut connection =
            Connection::new(Slow(b"HTTP/1.1 202 Accepted\r\nContent-LENGTH: 5\r\nX-Id: 7\r\n\r\nhello"));
        let reply = connection.exchange(b"").unwrap();
        assert_eq!((reply.status, reply.body, reply.header("x-id")), (202, &b"hello"[..], Some("7")));
    }

    #[test]
    fn joins_chunks() {
        let sent = b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n5\r\nhello\r\n1;x=y\r\n!\r\n0\r\n\r\n";
        assert_eq!(Connection::new(Slow(sent)).exchange(b"").unwrap().body, b"hello!");
    }

    #[test]
    fn tells_when_the_peer_is_gone() {
        let gone = Connection::new(Slow(b"HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\nhel")).exchange(b"").unwrap_err();
        assert_eq!(gone.kind(), ErrorKind::UnexpectedEof);
    }
}
