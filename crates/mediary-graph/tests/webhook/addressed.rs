//! The addressees of a webhook, before it is known who signed it.

use super::*;

/// A body that names that many numbers, each in a change of its own.
fn body_for_numbers(count: usize) -> String {
    let change = |n| format!(r#"{{"value":{{"metadata":{{"phone_number_id":"{n}"}}}}}}"#);
    let changes: Vec<_> = (0..count).map(change).collect();
    format!(r#"{{"entry":[{{"id":"1","changes":[{}]}}]}}"#, changes.join(","))
}

#[test]
fn body_names_a_thousand_numbers_and_no_more() {
    let full = addressees(body_for_numbers(ADDRESSEES_MAX).as_bytes()).unwrap();
    assert_eq!(full.phone_number_ids.len(), ADDRESSEES_MAX);
    let wabas: Vec<_> = (0..=ADDRESSEES_MAX).map(|n| format!(r#"{{"id":{n}}}"#)).collect();
    for body in [body_for_numbers(ADDRESSEES_MAX + 1), format!(r#"{{"entry":[{}]}}"#, wabas.join(","))] {
        // The rest is not even read: the reader would see that it is no JSON.
        let cut = &body[..body.len() - 2];
        for body in [body.as_bytes(), cut.as_bytes()] {
            assert_eq!(addressees(body).unwrap_err().kind(), ErrorKind::TooManyAddressees);
        }
    }
}

#[test]
fn addressees_are_found_in_one_pass_beside_what_is_broken_or_deep() {
    // The tolerant reader takes this apart level by level; a body that nobody signed must not cost that.
    let deep = format!("{}{}", "[".repeat(100_000), "]".repeat(100_000));
    let body = format!(
        r#"{{"x":{deep},"entry":[{{"\ud83d":1,"id":"1","changes":[{{"value":{{"messages":{deep},"n":1e999,
        "metadata":{{"phone_number_id":106,"phone_number_id":"107"}}}}}}]}}]}}"#
    );
    let found = addressees(body.as_bytes()).unwrap();
    assert_eq!((found.phone_number_ids, found.waba_ids), (vec!["107".to_owned()], vec!["1".to_owned()]));
    let long = body_for_numbers(1).replace("\"0\"", &format!("\"{}\"", "9".repeat(257)));
    assert_eq!(addressees(long.as_bytes()).unwrap().phone_number_ids, [""; 0], "no account has it");
}
