//! The server with questions over both ways, and another name server of the test's own.

use super::*;
use crate::testing::config;

fn dns(variables: &[(&str, &str)]) -> Option<Dns> {
    let own = [("DNS_ADDRESS", "127.0.0.1"), ("DNS_PORT", "0")];
    let variables = [&own[..], variables].concat();
    Dns::new(&config(&variables))
}

fn question(name: &str) -> Vec<u8> {
    let mut packet = vec![0, 7, 1, 0, 0, 1, 0, 0, 0, 0, 0, 0];
    for label in name.split('.') {
        packet.push(u8::try_from(label.len()).unwrap());
        packet.extend(label.bytes());
    }
    packet.extend([0, 0, 1, 0, 1]);
    packet
}

const ASKER: ([u8; 4], u16) = ([127, 0, 0, 1], 9);

#[test]
fn names_are_here_by_suffix_unless_they_are_asked_of_others() {
    let dns = dns(&[
        ("CUMULET_DNS_SUFFIXES", "Localhost.cumulet.test, "),
        ("LOCALSTACK_HOST", "aws.test:4566"),
        ("DNS_NAME_PATTERNS_TO_RESOLVE_UPSTREAM", ".*\\.real\\.aws\\.test,("),
    ])
    .unwrap();
    for name in ["b.s3.localhost.localstack.cloud", "localhost.cumulet.test", "q.aws.test"] {
        assert!(dns.is_here(name), "{name}");
    }
    for name in ["xlocalhost.localstack.cloud", "localhost", "x.real.aws.test", "example.org"] {
        assert!(!dns.is_here(name), "{name}");
    }
}

#[test]
fn there_is_none_where_it_is_switched_off() {
    assert!(dns(&[("DNS_ADDRESS", "false")]).is_none());
    assert!(dns(&[("DNS_ADDRESS", "somewhere")]).is_none());
    assert_eq!(upstream(Some("10.0.0.1"), ASKER.into()), Some(([10, 0, 0, 1], 53).into()));
    assert_eq!(upstream(Some("10.0.0.1:54"), ASKER.into()), Some(([10, 0, 0, 1], 54).into()));
}

#[tokio::test]
async fn names_are_where_the_asker_reaches_us_or_where_it_is_said() {
    let name = question("b.s3.localhost.localstack.cloud");
    let answer = dns(&[]).unwrap().answer(&name, ASKER.into(), Way::Udp).await.unwrap();
    assert!(answer.ends_with(&[127, 0, 0, 1]));
    let said = dns(&[("DNS_RESOLVE_IP", "10.1.2.3")]).unwrap();
    let answer = said.answer(&name, ASKER.into(), Way::Udp).await.unwrap();
    assert!(answer.ends_with(&[10, 1, 2, 3]));
}

#[tokio::test]
async fn other_names_are_asked_of_another_server_by_the_same_way() {
    let udp = UdpSocket::bind("127.0.0.1:0").await.unwrap();
    let tcp = TcpListener::bind(udp.local_addr().unwrap()).await.unwrap();
    let other = udp.local_addr().unwrap().to_string();
    tokio::spawn(async move {
        let mut packet = [0; 512];
        let (_, asker) = udp.recv_from(&mut packet).await.unwrap();
        udp.send_to(b"something else", asker).await.unwrap();
        udp.send_to(b"\x00\x07by udp", asker).await.unwrap();
        let mut stream = tcp.accept().await.unwrap().0;
        read_framed(&mut stream).await.unwrap();
        write_framed(&mut stream, b"\x00\x07by tcp").await.unwrap();
    });
    let dns = dns(&[("DNS_SERVER", &other)]).unwrap();
    let name = question("example.org");
    for (way, wanted) in [(Way::Udp, b"\x00\x07by udp"), (Way::Tcp, b"\x00\x07by tcp")] {
        assert_eq!(dns.answer(&name, ASKER.into(), way).await.unwrap(), wanted);
    }
}

#[tokio::test]
async fn it_answers_on_its_sockets() {
    let udp = UdpSocket::bind("127.0.0.1:0").await.unwrap();
    let tcp = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let (by_udp, by_tcp) = (udp.local_addr().unwrap(), tcp.local_addr().unwrap());
    let dns = dns(&[("DNS_SERVER", "127.0.0.1:1")]).unwrap();
    let serving = tokio::spawn(dns.answer_all(udp, tcp));
    let client = UdpSocket::bind("127.0.0.1:0").await.unwrap();
    client.send_to(&question("localhost.localstack.cloud"), by_udp).await.unwrap();
    let mut packet = [0; 512];
    let length = client.recv(&mut packet).await.unwrap();
    assert!(packet[..length].ends_with(&[127, 0, 0, 1]));
    let mut stream = TcpStream::connect(by_tcp).await.unwrap();
    for name in ["localhost.localstack.cloud", "nobody.answers.test"] {
        write_framed(&mut stream, &question(name)).await.unwrap();
        let answer = read_framed(&mut stream).await.unwrap();
        assert_eq!(answer[3] & 0xf, if name.starts_with("nobody") { 2 } else { 0 }, "{name}");
    }
    serving.abort();
}
