//! Whatever is sent, the readers answer: no panic, no deep recursion; and what the writers write,
//! the readers read.

#![cfg(test)]

use std::sync::LazyLock;

use bytes::Bytes;
use cumulet_core::model::Kind;
use cumulet_core::{Body, Decode, Model, Protocol, ReadError, Schema, Timestamp, Value};
use cumulet_protocol::{decode_event, find_operation, read_input, write_output};
use proptest::prelude::*;

/// One shape that contains itself in every way, as input and output of one operation.
const MODEL: &str = r#"{
    "metadata": {"apiVersion": "1", "protocols": ["rest-xml"], "targetPrefix": "T"},
    "operations": {"Op": {
        "http": {"method": "POST", "requestUri": "/"},
        "input": {"shape": "Node"}, "output": {"shape": "Node"}
    }},
    "shapes": {
        "Node": {"type": "structure", "members": {
            "Text": {"shape": "Text"}, "Flag": {"shape": "Flag"}, "Number": {"shape": "Number"},
            "Real": {"shape": "Real"}, "Bytes": {"shape": "Bytes"}, "Time": {"shape": "Time"},
            "Node": {"shape": "Node"}, "Nodes": {"shape": "Nodes"}, "Map": {"shape": "Map"},
            "Flat": {"shape": "Texts", "flattened": true},
            "FlatMap": {"shape": "Map", "flattened": true}, "Texts": {"shape": "Texts"}
        }},
        "Text": {"type": "string"}, "Flag": {"type": "boolean"}, "Number": {"type": "long"},
        "Real": {"type": "double"}, "Bytes": {"type": "blob"}, "Time": {"type": "timestamp"},
        "Nodes": {"type": "list", "member": {"shape": "Node"}},
        "Texts": {"type": "list", "member": {"shape": "Text"}},
        "Map": {"type": "map", "key": {"shape": "Text"}, "value": {"shape": "Node"}}
    }
}"#;

static NODE: LazyLock<&'static Model> = LazyLock::new(|| {
    let packed = cumulet_codegen::pack(MODEL).unwrap();
    Box::leak(Box::new(Model::unpack(packed.leak())))
});

const ALL: [Protocol; 7] = [
    Protocol::Query,
    Protocol::Ec2,
    Protocol::Json,
    Protocol::RestJson,
    Protocol::RestXml,
    Protocol::Cbor,
    Protocol::RpcV2Cbor,
];

fn read(protocol: Protocol, uri: &str, body: &[u8]) -> Result<Value, ReadError> {
    let request = http::Request::post(uri)
        .header("x-amz-target", "T.Op")
        .header("x-anything", "\"a, b")
        .body(())
        .unwrap();
    let parts = request.into_parts().0;
    let matched = cumulet_protocol::Matched { operation: 0, labels: Vec::new() };
    let body = Bytes::copy_from_slice(body);
    read_input(protocol, *NODE, &matched, &parts, &body, |r| Value::decode(r))
}

fn text() -> impl Strategy<Value = String> {
    // NUL cannot be told in XML at all.
    "[^\\x00]{0,12}".prop_map(|s| s)
}

fn node() -> impl Strategy<Value = Value> {
    let leaf = (
        proptest::option::of(text()),
        proptest::option::of(any::<bool>()),
        proptest::option::of(any::<i64>()),
        proptest::option::of(any::<f64>()),
        proptest::option::of(proptest::collection::vec(any::<u8>(), 0..9)),
        proptest::option::of(0_i64..4_000_000_000_000),
        proptest::collection::vec(text(), 1..4),
    )
        .prop_map(|(text, flag, number, real, bytes, time, texts)| {
            let texts = Value::List(texts.into_iter().map(Value::String).collect());
            let members = [
                ("Text", text.map(Value::String)),
                ("Flag", flag.map(Value::Boolean)),
                ("Number", number.map(Value::Integer)),
                ("Real", real.map(Value::Float)),
                ("Bytes", bytes.map(|b| Value::Blob(b.into()))),
                ("Time", time.map(|t| Value::Timestamp(Timestamp::from_millis(t)))),
                ("Flat", Some(texts.clone())),
                ("Texts", Some(texts)),
            ];
            Value::map(members.into_iter().filter_map(|(name, value)| Some((name, value?))))
        });
    leaf.prop_recursive(3, 12, 3, |node| {
        let map = proptest::collection::btree_map("[a-z<&\"é\n]{1,5}", node.clone(), 1..3);
        (node.clone(), proptest::collection::vec(node, 1..3), map).prop_map(|(node, nodes, map)| {
            let map = Value::map(map);
            Value::map([
                ("Node", node),
                ("Nodes", Value::List(nodes)),
                ("Map", map.clone()),
                ("FlatMap", map),
            ])
        })
    })
}

/// Bytes that often are nearly right.
fn body() -> impl Strategy<Value = Vec<u8>> {
    let pieces = prop_oneof![
        Just("<Node>"),
        Just("</Node>"),
        Just("<Nodes>"),
        Just("<member>"),
        Just("<Text>x"),
        Just("<![CDATA["),
        Just("]]>"),
        Just("&#x1;"),
        Just("&lol;"),
        Just("<!DOCTYPE a [<!ENTITY"),
        Just("{"),
        Just("}"),
        Just("["),
        Just("\"Node\":"),
        Just("\"Nodes\":["),
        Just("null"),
        Just("\"\\ud800\""),
        Just("1e999"),
        Just(","),
        Just("Nodes.member.1.Text=a&"),
        Just("Map.entry.1.key=%ff&"),
        Just("Node.Node.Node.Number="),
        Just("&&=&a=&.=."),
    ];
    let nearly = proptest::collection::vec(pieces, 0..24).prop_map(|p| p.concat().into_bytes());
    prop_oneof![nearly, proptest::collection::vec(any::<u8>(), 0..64)]
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn nothing_makes_a_reader_panic(body in body(), query in "[a-zA-Z0-9.=&%+]{0,40}") {
        for protocol in ALL {
            let _ = read(protocol, &format!("/?{query}"), &body);
            let parts = http::Request::post(format!("/a/{query}?{query}")).body(()).unwrap();
            let _ = find_operation(protocol, *NODE, &parts.into_parts().0, &body);
        }
        let _ = decode_event(&mut Bytes::from(body));
    }

    #[test]
    fn what_is_written_is_read(value in node()) {
        let schema = Schema { model: *NODE, shape: NODE.operations[0].input.unwrap() };
        prop_assert_eq!(schema.kind(), Kind::Structure);
        for protocol in [
            Protocol::Json, Protocol::RestJson, Protocol::RestXml, Protocol::Cbor, Protocol::RpcV2Cbor,
        ] {
            let answer = write_output(protocol, *NODE, 0, &value, None, "id");
            let body = at_hand(answer.into_body());
            let back = read(protocol, "/", &body).map_err(|e| {
                TestCaseError::fail(format!("{protocol:?}: {e:?} in {}", String::from_utf8_lossy(&body)))
            })?;
            prop_assert_eq!(sorted(&back), sorted(&value), "{:?}", protocol);
        }
    }
}

/// Members in one order, NaN equal to itself.
fn sorted(value: &Value) -> String {
    match value {
        Value::Map(entries) => {
            let mut entries: Vec<_> = entries.iter().map(|(k, v)| (k, sorted(v))).collect();
            entries.sort();
            format!("{entries:?}")
        }
        Value::List(items) => format!("{:?}", items.iter().map(sorted).collect::<Vec<_>>()),
        other => format!("{other:?}"),
    }
}

fn at_hand(mut body: Body) -> Bytes {
    let mut cx = std::task::Context::from_waker(std::task::Waker::noop());
    match std::pin::pin!(body.collect(usize::MAX, || unreachable!())).poll(&mut cx) {
        std::task::Poll::Ready(bytes) => bytes.unwrap(),
        std::task::Poll::Pending => panic!("a body that is not at hand"),
    }
}

#[test]
fn nesting_has_an_end() {
    let deep = 200_000;
    let xml = "<Node>".repeat(deep);
    let json = "{\"Node\":".repeat(deep);
    let form = format!("{}Text=a", "Node.".repeat(deep));
    let cbor = b"\xa1\x64Node".repeat(deep);
    let bodies: [&[u8]; 4] = [xml.as_bytes(), json.as_bytes(), form.as_bytes(), &cbor];
    for protocol in ALL {
        let deepest = bodies.map(|body| read(protocol, "/", body).is_err());
        assert!(deepest.contains(&true), "{protocol:?}");
    }
    // What no member wants is passed over without recursion.
    assert!(read(Protocol::RestXml, "/", "<a>".repeat(deep).as_bytes()).is_err());
    assert!(
        read(Protocol::Cbor, "/", &[b"\xa1\x61a".as_slice(), &vec![0x81; deep]].concat()).is_err()
    );
}

#[test]
fn a_document_type_is_refused() {
    let bomb = br#"<!DOCTYPE a [<!ENTITY b "bbbb">]><Node><Text>&b;</Text></Node>"#;
    assert!(read(Protocol::RestXml, "/", bomb).unwrap_err().message.contains("document type"));
    assert!(read(Protocol::RestXml, "/", b"<Node><Text>&b;</Text></Node>").is_err());
}

#[test]
fn truncated_bodies_are_errors() {
    for (protocol, body) in [
        (Protocol::RestXml, &b"<Node><Text>a"[..]),
        (Protocol::Json, b"{\"Text\":\"a\""),
        (Protocol::RpcV2Cbor, b"\xbf\x64Text\x61a"),
    ] {
        assert!(read(protocol, "/", body).is_err(), "{protocol:?}");
    }
}
