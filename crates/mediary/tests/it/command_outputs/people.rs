//! Companies, people, accounts and keys.

use super::Outputs;
use crate::harness::{Database, World};

pub(super) async fn people(outputs: &mut Outputs) {
    let world = World::furnished(Database::embedded(), &[("MEDIARY_LOG", "error")]).await;
    outputs.hold_all(
        "companies",
        &world,
        &[
            "migrate",
            "company add --name Beta --slug beta",
            "company add --name Gamma --slug gamma --media-policy stream --json",
            "company update --company beta --retention days_after_stored:30",
            "company update --company gamma --retention forever --json",
            "company list",
            "company list --json",
        ],
    );
    let person = "--company beta --email ana@beta.test";
    outputs.hold_all(
        "users",
        &world,
        &[
            "user list --company beta",
            &format!("user add {person} --name Ana --role admin --password-env PASSWORD"),
            "user add --company beta --email ben@beta.test --name Ben --role agent --password-env PASSWORD --json",
            "user update --company beta --email ben@beta.test --active false",
            &format!("user update {person} --name Anna --json"),
            &format!("user update {person} --active false"),
            "user list --company beta",
            "user list --company beta --json",
        ],
    );
    keys(outputs, &world);
    accounts(outputs, &world);
}

fn keys(outputs: &mut Outputs, world: &World) {
    outputs.hold_all(
        "api_keys",
        world,
        &[
            "api-key list --company beta",
            "api-key add --company beta --name crm --role agent",
            "api-key add --company beta --name site --role viewer --expires-in-days 30 --json",
            "api-key revoke --company beta --name crm",
            "api-key revoke --company beta --name site --json",
            "api-key list --company beta",
            "api-key list --company beta --json",
        ],
    );
}

fn accounts(outputs: &mut Outputs, world: &World) {
    let number = "--company acme --phone-number-id 106540352242922";
    let unread = [("MEDIARY_SECRET_KEY", "bWVkaWFyeS10ZXN0cy1rZXktb2YtMzItYnl0ZXMtISE=")];
    let list = "account list --company acme";
    let mut text = outputs.transcripts(
        world,
        &[
            "account list --company beta",
            "account add --company beta --phone-number-id 77 --display-phone-number +1555 --name Sales",
            "account add --company beta --phone-number-id 78 --display-phone-number +1555 --name Help --json",
            "account add --company beta --phone-number-id 106540352242922 --display-phone-number +1555 --name A",
            &format!("account update {number} --name Desk --media-policy on_view"),
            &format!("account update {number} --retention days_after_viewed:7 --json"),
            &format!("account update {number} --status disabled"),
            list,
            &format!("{list} --json"),
        ],
    );
    text.push_str(&format!(
        "# with another MEDIARY_SECRET_KEY\n{}",
        outputs.transcript(world, &unread, list)
    ));
    outputs.hold("accounts", &text);
}
