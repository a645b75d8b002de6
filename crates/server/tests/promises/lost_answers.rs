//! D8: whatever of a request or of its answer was lost, the same key again has one effect.

use std::{
    io::{Read as _, Write as _},
    net::{Shutdown, TcpStream},
};

use serde_json::json;

use crate::{
    is_long,
    support::{PASSWORD, Server, lead},
};

fn exchange(address: &str, request: &[u8]) -> String {
    let mut stream = TcpStream::connect(address).unwrap();
    stream.write_all(request).unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    answer
}

fn request(path: &str, headers: &str, body: &str) -> Vec<u8> {
    format!(
        "POST {path} HTTP/1.1\r\nHost: chachu\r\nConnection: close\r\nContent-Type: application/json\r\n\
         {headers}Content-Length: {}\r\n\r\n{body}",
        body.len()
    )
    .into_bytes()
}

#[test]
fn d8_a_connection_cut_at_any_byte_leaves_one_effect() {
    let cuts = if is_long() { 500 } else { 40 };
    let server = Server::start();
    let address = server.base.trim_start_matches("http://").to_owned();
    let body = json!({ "name": "甲一", "password": PASSWORD }).to_string();
    let signed_in = exchange(&address, &request("/api/session", "", &body));
    let cookie = signed_in.split("chachu=").nth(1).unwrap().split(';').next().unwrap();
    let with_key = |number: usize, key: &str| {
        let headers = format!("Cookie: chachu={cookie}\r\nIdempotency-Key: {key}\r\n");
        request("/api/acts", &headers, &lead(&format!("样例{number}")).to_string())
    };
    let dossiers = || server.office.store().streams("dossier/").unwrap().len();
    let whole = exchange(&address, &with_key(0, "first"));
    assert!(whole.starts_with("HTTP/1.1 201"), "{whole}");
    assert_eq!(dossiers(), 1);
    let (mut in_answer, mut replayed) = (0, 0);
    for cut in 1..=cuts {
        let request = with_key(cut, &format!("key-{cut}"));
        let mut random = [0; 8];
        getrandom::fill(&mut random).unwrap();
        let all = request.len() + whole.len();
        let at = usize::try_from(u64::from_le_bytes(random) % all as u64).unwrap();
        let mut stream = TcpStream::connect(&address).unwrap();
        stream.write_all(&request[..at.min(request.len())]).unwrap();
        // With no byte of the answer read, nobody knows whether the request was.
        let rest = at.saturating_sub(request.len()).min(64);
        if rest > 0 {
            in_answer += 1;
            let mut start = vec![0; rest];
            stream.read_exact(&mut start).unwrap();
            let status = b"HTTP/1.1 201";
            assert_eq!(start[..rest.min(12)], status[..rest.min(12)], "cut at {at} of {all}");
        }
        stream.shutdown(Shutdown::Both).unwrap();
        drop(stream);
        let again = exchange(&address, &request);
        assert!(again.starts_with("HTTP/1.1 201"), "cut at {at} of {all}: {again}");
        replayed += usize::from(again.contains("\"replayed\":true"));
        assert_eq!(dossiers(), 1 + cut, "cut at {at} of {all}");
    }
    println!("{cuts} cuts, {in_answer} in the answer, {replayed} answered out of the record");
    assert!(in_answer > 0 && replayed >= in_answer);
    // The negative control: without the key the same happens twice.
    let twice = with_key(0, "another");
    assert!(exchange(&address, &twice).starts_with("HTTP/1.1 201"));
    assert_eq!(dossiers(), 2 + cuts);
}
