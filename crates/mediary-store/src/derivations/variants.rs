//! Variants and results as people read them.

use std::collections::HashMap;

use mediary_core::{MediaId, Scope, VariantKind};
use sqlx::AssertSqlSafe;

use super::{DerivationResult, Variant};
use crate::bulk::Bulk;
use crate::record::{Record as _, record};
use crate::scope::and_seen;
use crate::value::args;
use crate::writes::row;
use crate::{Result, Store};

/// Joins the file of rows `k`, by whose conversation a caller sees what was made of it.
const ITS_FILE: &str = "FROM k CROSS JOIN media_files f";

record! {
    /// What a derivation's row says to people.
    struct Outcome from derivations as d {
        pub media_id: MediaId = "d.id",
        pub pages: Option<u32>,
        pub names: Option<String>,
        pub unplayable: Option<String>,
        pub error: Option<String>,
        pub is_long: bool = "(d.state IN ('waiting', 'running') AND d.step <> 'short')",
        pub is_finished: bool = "d.state IN ('done', 'failed')",
    }
}

impl Store {
    /// One variant of a file.
    pub async fn variant(&self, scope: &Scope, media: MediaId, kind: VariantKind) -> Result<Option<Variant>> {
        let sql = format!(
            "SELECT {} FROM media_variants v JOIN media_files f ON f.company_id = v.company_id AND f.id = v.media_id
                WHERE v.company_id = $1{} AND v.media_id = $2 AND v.kind = $3",
            Variant::SELECT,
            and_seen(scope, "f.conversation_id")
        );
        self.db().first(AssertSqlSafe(sql), args![scope.company(), media, kind]).await
    }

    /// What has been made of these files. A file of which nothing is known is left out.
    pub async fn derivation_results(
        &self,
        scope: &Scope,
        media: &[MediaId],
    ) -> Result<HashMap<MediaId, DerivationResult>> {
        let seen = and_seen(scope, "f.conversation_id");
        let mut results = Bulk::with(format!(
            "SELECT {} {ITS_FILE}
                CROSS JOIN derivations d WHERE f.company_id = k.company_id{seen} AND f.id = k.id
                    AND d.company_id = f.company_id AND d.id = f.id",
            Outcome::SELECT
        ));
        let mut variants = Bulk::with(format!(
            "SELECT {} {ITS_FILE} CROSS JOIN media_variants v WHERE f.company_id = k.company_id{seen} AND f.id = k.id
                    AND v.company_id = f.company_id AND v.media_id = f.id ORDER BY v.company_id, v.media_id, v.kind",
            Variant::SELECT
        ));
        for id in media {
            results.push(row! { company_id => scope.company(), id => *id });
            variants.push(row! { company_id => scope.company(), id => *id });
        }
        let mut found = HashMap::new();
        for Outcome { media_id, pages, names, unplayable, error, is_long, is_finished } in
            results.read(self.db()).await?
        {
            let names = names.iter().flat_map(|lines| lines.split('\n')).map(str::to_owned).collect();
            let variants = Vec::new();
            let result = DerivationResult { variants, pages, names, unplayable, error, is_long, is_finished };
            found.insert(media_id, result);
        }
        for variant in variants.read::<Variant>(self.db()).await? {
            found.entry(variant.media_id).or_default().variants.push(variant);
        }
        Ok(found)
    }
}
