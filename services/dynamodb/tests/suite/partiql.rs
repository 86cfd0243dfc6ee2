//! `PartiQL`: statements, batches and transactions.

use super::*;

async fn execute(cloud: &TestCloud, statement: &str) -> Vec<Value> {
    let answer = cloud.call("dynamodb.ExecuteStatement", value!({"Statement": statement})).await;
    items(&answer)
}

fn items(answer: &Value) -> Vec<Value> {
    answer.get("Items").unwrap().items().to_vec()
}

/// Code and message of what a statement is refused with.
async fn refused(cloud: &TestCloud, statement: &str) -> (String, String) {
    let error = cloud.fail("dynamodb.ExecuteStatement", value!({"Statement": statement})).await;
    (error.code().to_owned(), error.message().to_owned())
}

async fn with_items() -> TestCloud {
    let cloud = cloud();
    table(&cloud).await;
    for (pk, sk, g) in [("a", 1, "x"), ("a", 2, "y"), ("a", 3, "x"), ("b", 1, "x")] {
        put(&cloud, item(pk, sk, vec![("g", s(g)), ("kept", n(sk * 10))])).await;
    }
    cloud
}

/// `pk` and `sk`, as `a1`.
fn keys(items: &[Value]) -> Vec<String> {
    let part = |item: &Value, name: &str, kind: &str| {
        let value = item.get(name).and_then(|v| v.get(kind)).and_then(Value::as_str);
        value.unwrap_or("-").to_owned()
    };
    items.iter().map(|item| part(item, "pk", "S") + &part(item, "sk", "N")).collect()
}

#[tokio::test]
async fn what_select_finds() {
    let cloud = with_items().await;
    for (rest, expected) in [
        ("WHERE pk = 'a'", vec!["a1", "a2", "a3"]),
        ("WHERE pk = 'a' ORDER BY sk DESC", vec!["a3", "a2", "a1"]),
        ("WHERE pk = 'a' AND sk >= 2", vec!["a2", "a3"]),
        ("WHERE pk = 'a' AND sk BETWEEN 1 AND 2 AND g = 'x'", vec!["a1"]),
        ("WHERE pk = 'a' AND NOT sk = 1", vec!["a2", "a3"]),
        ("WHERE pk IN ['b', 'a'] AND sk = 1", vec!["a1", "b1"]),
        ("WHERE pk = 'b' OR pk = 'a' AND sk = 2", vec!["a2", "b1"]),
        ("WHERE pk = 'a' AND (sk = 1 OR sk = 3)", vec!["a1", "a3"]),
        ("WHERE pk = 'a' AND kept > 10 AND attribute_exists(g)", vec!["a2", "a3"]),
        ("WHERE pk = 'a' AND contains(g, 'y')", vec!["a2"]),
        ("WHERE pk = 'a' AND begins_with(\"g\", 'x') -- a note", vec!["a1", "a3"]),
        ("WHERE pk = 'a' AND size(g) = 1 AND attribute_type(kept, 'N')", vec!["a1", "a2", "a3"]),
        ("WHERE pk = 'a' AND other IS MISSING AND kept IS NOT NULL", vec!["a1", "a2", "a3"]),
        ("WHERE pk = 'a' AND kept IN (10, 3e1)", vec!["a1", "a3"]),
        ("WHERE pk = 'none'", vec![]),
    ] {
        let found = execute(&cloud, &format!("SELECT * FROM \"table\" {rest}")).await;
        assert_eq!(keys(&found), expected, "{rest}");
    }
    let mut all = keys(&execute(&cloud, "select pk, sk from \"table\" where kept <= 10").await);
    all.sort();
    assert_eq!(all, ["a1", "b1"]);
    let found = execute(&cloud, "SELECT pk, sk FROM \"table\".\"global\" WHERE g = 'y'").await;
    assert_eq!(keys(&found), ["a2"]);
}

#[tokio::test]
async fn a_select_may_name_any_number_of_partitions() {
    let cloud = with_items().await;
    let others = (0..1_000).map(|i| s(&format!("A{i}")));
    let list = Value::List(others.chain([s("b")]).collect());
    let asked = value!({
        "Statement": "SELECT * FROM \"table\" WHERE pk IN ?", "Parameters": [{"L": list}]
    });
    let answer = cloud.call("dynamodb.ExecuteStatement", asked).await;
    assert_eq!(keys(&items(&answer)), ["b1"]);
}

#[tokio::test]
async fn pages_of_a_select() {
    let cloud = with_items().await;
    let statement = "SELECT * FROM \"table\" WHERE pk IN ['a', 'b']";
    let mut found = Vec::new();
    let mut input = value!({"Statement": statement, "Limit": 2});
    for _ in 0..4 {
        let answer = cloud.call("dynamodb.ExecuteStatement", input).await;
        found.extend(keys(&items(&answer)));
        let Some(token) = answer.get("NextToken").and_then(Value::as_str) else { break };
        input = value!({"Statement": statement, "Limit": 2, "NextToken": token});
        let other = value!({"Statement": "SELECT * FROM \"table\"", "NextToken": token});
        let error = cloud.fail("dynamodb.ExecuteStatement", other).await;
        assert_eq!(error.message(), "NextToken does not match request");
    }
    assert_eq!(found, ["a1", "a2", "a3", "b1"]);
}

#[tokio::test]
async fn what_writes_do() {
    let cloud = with_items().await;
    let insert = "INSERT INTO \"table\" VALUE {'pk': 'c', 'sk': 1, 'm': {'l': [1, 'x', true, null]}, \
                  'set': <<'b', 'a'>>}";
    assert_eq!(execute(&cloud, insert).await, []);
    let map = value!({"M": {"l": {"L": [{"N": "1"}, {"S": "x"}, {"BOOL": true}, {"NULL": true}]}}});
    let set = value!({"SS": ["a", "b"]});
    let expected = item("c", 1, vec![("m", map), ("set", set)]);
    assert_eq!(get(&cloud, key("c", 1)).await.get("m"), expected.get("m"));
    assert_eq!(get(&cloud, key("c", 1)).await.get("set"), expected.get("set"));
    let duplicate = "Duplicate primary key exists in table".to_owned();
    assert_eq!(refused(&cloud, insert).await, ("DuplicateItemException".to_owned(), duplicate));

    let update = "UPDATE \"table\" SET m.l[0] = m.l[0] + 4 SET \"set\" = set_add(\"set\", <<'c'>>) \
                  REMOVE m.l[3] WHERE pk = 'c' AND sk = 1 RETURNING MODIFIED NEW *";
    let list = value!({"M": {"l": {"L": [{"N": "5"}, {"S": "x"}, {"BOOL": true}]}}});
    execute(&cloud, update).await;
    assert_eq!(get(&cloud, key("c", 1)).await.get("m"), Some(&list));
    let add = "UPDATE \"table\" SET x = 1, y = list_append([1], [2]) WHERE sk = 1 AND pk = 'c' \
               RETURNING MODIFIED NEW *";
    let expected = value!({"x": {"N": "1"}, "y": {"L": [{"N": "1"}, {"N": "2"}]}});
    assert_eq!(execute(&cloud, add).await, [expected]);

    let first = "from \"table\" where pk = 'c' and sk = 1 and x = 1 set z = 2 remove y";
    assert_eq!(execute(&cloud, first).await, []);
    assert_eq!(get(&cloud, key("c", 1)).await.get("z"), Some(&n(2)));
    let gone = "UPDATE \"table\" SET x = 1 WHERE pk = 'none' AND sk = 1";
    assert_eq!(refused(&cloud, gone).await.0, "ConditionalCheckFailedException");
    let delete = |more: &str| format!("DELETE FROM \"table\" WHERE pk = 'c' AND sk = 1 {more}");
    let failed = refused(&cloud, &delete("AND x = 2")).await;
    assert_eq!(failed.1, "The conditional request failed");
    assert_eq!(execute(&cloud, &delete("AND x = 1 RETURNING ALL OLD *")).await.len(), 1);
    assert_eq!(get(&cloud, key("c", 1)).await, Value::Null);
    assert_eq!(execute(&cloud, &delete("AND x = 1")).await, []);
}

#[tokio::test]
async fn parameters_stand_for_values() {
    let cloud = with_items().await;
    let input = value!({
        "Statement": "SELECT * FROM \"table\" WHERE pk = ? AND sk IN [?, ?]",
        "Parameters": [{"S": "a"}, {"N": "1"}, {"N": "3"}],
    });
    let answer = cloud.call("dynamodb.ExecuteStatement", input).await;
    assert_eq!(keys(&items(&answer)), ["a1", "a3"]);
    let input = value!({
        "Statement": "SELECT * FROM \"table\" WHERE pk = ?", "Parameters": [{"S": "a"}, {"S": "b"}]
    });
    let error = cloud.fail("dynamodb.ExecuteStatement", input).await;
    let text = "Number of parameters in request and statement don't match.";
    assert_eq!(error.message(), text);
}

#[tokio::test]
async fn what_is_wrong_with_a_statement() {
    let cloud = with_items().await;
    let malformed =
        |text: &str| format!("Statement wasn't well formed, can't be processed: {text}");
    let left_over = malformed("Unexpected token after expression");
    let overflow = "Number overflow. Attempting to store a number with magnitude larger than \
                    supported range";
    let update = |set: &str| format!("UPDATE \"table\" SET {set} WHERE pk = 'a' AND sk = 1");
    for (statement, message) in [
        ("SELECT * FROM \"table\" WHERE pk = 1 foo".to_owned(), left_over.clone()),
        ("SELECT * FROM \"table\" WHERE pk = 1 e5".to_owned(), left_over.clone()),
        ("SELECT * FROM \"table\" WHERE pk = 'a')".to_owned(), left_over.clone()),
        ("SELECT * FROM \"table\" ORDER BY pk WHERE pk = 'a'".to_owned(), left_over.clone()),
        ("INSERT INTO \"table\" VALUE {'pk': 'z'} foo".to_owned(), left_over.clone()),
        ("INSERT INTO \"table\" t VALUE {'pk': 'z'}".to_owned(), left_over.clone()),
        ("DELETE FROM \"table\" WHERE pk = 'a' ORDER BY pk".to_owned(), left_over),
        ("SELECT * FROM \"table\" WHERE sk = 1e2147483648".to_owned(), malformed("")),
        ("SELECT * FROM \"table\" WHERE sk = 1 # note".to_owned(), malformed("")),
        ("SELECT * FROM \"table\" WHERE sk = 1 /* note".to_owned(), malformed("")),
        ("SELECT * FROM \"table\" t WHERE pk = 'a'".to_owned(), "Aliasing is not supported".to_owned()),
        ("UPDATE \"table\" t SET a = 3 WHERE pk = 'a'".to_owned(), "Aliasing is not supported".to_owned()),
        ("SELECT * FROM \"table\" WHERE sk = 1e126".to_owned(), format!("{overflow} under root")),
        ("INSERT INTO \"table\" VALUE {'pk': 'z', 'm': {'x': 1e126}}".to_owned(), format!("{overflow} under root.x")),
        ("INSERT INTO \"table\" VALUE {'pk': 'z', 'l': [1, 1e126]}".to_owned(), format!("{overflow} under root[1]")),
        ("SELECT * FROM \"table\" WHERE attribute_exists('a')".to_owned(),
            "Operator or function requires a document path; operator or function: attribute_exists".to_owned()),
        ("SELECT * FROM \"table\" WHERE attribute_exists()".to_owned(),
            "Incorrect number of operands for operator or function; operator or function: attribute_exists, number of operands: 0".to_owned()),
        ("SELECT attribute_exists(a) FROM \"table\"".to_owned(), "Unexpected path component at 1:8:16".to_owned()),
        ("SELECT * FROM \"table\" WHERE EXISTS(a)".to_owned(), "Unrecognized function: exists at 1:29:6".to_owned()),
        ("SELECT * FROM \"table\" WHERE a < true".to_owned(),
            "Incorrect operand type for operator or function; operator or function: <, operand type: BOOL".to_owned()),
        (update("t = set_add(u, <<'x'>>)"), "The first argument to SET_ADD must equal the assignment value at 1:24:7".to_owned()),
        (update("t = set_add(t, 'x')"), "The second argument to SET_ADD must be a value with type SET at 1:32:1".to_owned()),
        (update("t = set_add(t)"), "SET_ADD must have exactly two arguments at 1:24:7".to_owned()),
        (update("t = set_add(t, <<>>)"), "Empty bags are not supported".to_owned()),
        (update("t = set_add(t, <<'x', 'x'>>)"),
            "One or more parameter values were invalid: Input collection [x, x] contains duplicates.".to_owned()),
        (update("g = set_add(g, <<'x'>>)"), "An operand in the update expression has an incorrect data type".to_owned()),
        ("UPDATE \"table\" SET t = 1 WHERE pk = 'a'".to_owned(),
            "Where clause does not contain a mandatory equality on all key attributes".to_owned()),
        (update("sk = 2"), "One or more parameter values were invalid: Cannot update attribute sk. This attribute is part of the key".to_owned()),
        ("DELETE FROM \"table\" WHERE pk = 'a' AND sk = 1 RETURNING MODIFIED NEW *".to_owned(),
            "Invalid returning clause: RETURNING MODIFIED NEW *. Only RETURNING ALL OLD * is allowed in DELETE statements.".to_owned()),
        ("SELECT * FROM \"table\".\"global\".\"more\"".to_owned(), "A path may contain at most 2 components in the FROM clause".to_owned()),
        ("SELECT * FROM \"\"".to_owned(), "Path component cannot be an empty string".to_owned()),
        ("SELECT * FROM \"table\".\"global\" WHERE g = 'x' AND other = 1".to_owned(),
            "One or more parameter values were invalid: Secondary index global does not project one or more filter attributes: [other]".to_owned()),
        ("SELECT other FROM \"table\".\"global\" WHERE g = 'x'".to_owned(),
            "One or more parameter values were invalid: Global secondary index global does not project [other]".to_owned()),
        ("SELECT * FROM \"table\".\"none\"".to_owned(), "The table does not have the specified index".to_owned()),
        ("SELECT * FROM \"table\" WHERE kept = 1 ORDER BY sk".to_owned(),
            "Must have at least one non-optional hash key condition in WHERE clause when using ORDER BY clause.".to_owned()),
    ] {
        let expected = ("ValidationException".to_owned(), message);
        assert_eq!(refused(&cloud, &statement).await, expected, "{statement}");
    }
    let gone = refused(&cloud, "SELECT * FROM \"none\"").await;
    assert_eq!(gone.0, "ResourceNotFoundException");
}

fn statements(all: &[&str]) -> Value {
    let each = all.iter().map(|statement| value!({"Statement": (*statement)})).collect();
    Value::List(each)
}

#[tokio::test]
async fn a_batch_has_an_answer_for_each_statement() {
    let cloud = with_items().await;
    let asked = statements(&[
        "SELECT kept FROM \"table\" WHERE pk = 'a' AND sk = 1",
        "SELECT * FROM \"table\" WHERE pk = 'a'",
        "UPDATE \"table\" SET kept = 5 WHERE pk = 'a' AND sk = 2 AND g = 'wrong'",
        "INSERT INTO \"table\" VALUE {'pk': 'a', 'sk': 1}",
        "DELETE FROM \"table\" WHERE pk = 'a' AND sk = 3",
    ]);
    let answer = cloud.call("dynamodb.BatchExecuteStatement", value!({"Statements": asked})).await;
    let responses = answer.get("Responses").unwrap().items();
    let code =
        |at: usize| responses[at].get("Error").and_then(|e| e.get("Code")).and_then(Value::as_str);
    assert_eq!(responses[0].get("Item"), Some(&value!({"kept": {"N": "10"}})));
    assert_eq!(code(1), Some("ValidationError"));
    assert_eq!(code(2), Some("ConditionalCheckFailed"));
    assert_eq!(code(3), Some("DuplicateItem"));
    assert_eq!(code(4), None);
    assert_eq!(get(&cloud, key("a", 3)).await, Value::Null);
}

#[tokio::test]
async fn a_transaction_is_all_or_nothing() {
    let cloud = with_items().await;
    let run = |all: &[&str]| {
        let asked = value!({"TransactStatements": (statements(all))});
        let cloud = &cloud;
        async move { cloud.try_call("dynamodb.ExecuteTransaction", asked).await }
    };
    let failed = run(&[
        "DELETE FROM \"table\" WHERE pk = 'a' AND sk = 1",
        "INSERT INTO \"table\" VALUE {'pk': 'b', 'sk': 1}",
        "EXISTS(SELECT * FROM \"table\" WHERE pk = 'a' AND sk = 2 AND g = 'wrong')",
    ])
    .await
    .unwrap_err();
    assert_eq!(failed.code(), "TransactionCanceledException");
    assert!(failed.message().ends_with("[None, DuplicateItem, ConditionalCheckFailed]"));
    assert_ne!(get(&cloud, key("a", 1)).await, Value::Null);

    let done = run(&[
        "DELETE FROM \"table\" WHERE pk = 'a' AND sk = 1",
        "EXISTS(SELECT * FROM \"table\" WHERE pk = 'a' AND sk = 2 AND g = 'y')",
        "UPDATE \"table\" SET kept = 7 WHERE pk = 'b' AND sk = 1",
    ])
    .await
    .unwrap();
    assert_eq!(done.get("Responses"), Some(&Value::List(vec![])));
    assert_eq!(get(&cloud, key("a", 1)).await, Value::Null);

    let read = run(&[
        "SELECT kept FROM \"table\" WHERE pk = 'b' AND sk = 1",
        "SELECT * FROM \"table\" WHERE pk = 'a' AND sk = 1",
    ])
    .await
    .unwrap();
    let expected = value!([{"Item": {"kept": {"N": "7"}}}, {}]);
    assert_eq!(read.get("Responses"), Some(&expected));
    let returning = "DELETE FROM \"table\" WHERE pk = 'a' AND sk = 1 RETURNING ALL OLD *";
    assert_eq!(
        run(&[returning]).await.unwrap_err().message(),
        "Validation failed in TransactStatements[0]: RETURNING clause is not supported in \
         ExecuteTransaction."
    );
    let error = run(&["SELECT * FROM \"table\" WHERE pk = 'a'"]).await.unwrap_err();
    assert_eq!(
        error.message(),
        "Validation failed in TransactStatements[0]: Select statements within ExecuteTransaction \
         must specify the primary key in the where clause."
    );
}
