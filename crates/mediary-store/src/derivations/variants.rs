//! Variants and results as people read them.

use std::collections::HashMap;

use mediary_core::{MediaId, Scope, VariantKind};
use sqlx::AssertSqlSafe;

use super::{DerivationResult, Variant};
use crate::bulk::Bulk;
use crate::record::{Columns, Read, ReadError, Record as _, record};
use crate::scope::and_seen;
use crate::value::args;
use crate::writes::row;
use crate::{Result, Store};

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

impl Outcome {
    /// Without its variants.
    fn result(self) -> DerivationResult {
        let Self { names, pages, unplayable, error, is_long, is_finished, .. } = self;
        let names = names.iter().flat_map(|lines| lines.split('\n')).map(str::to_owned).collect();
        DerivationResult { variants: Vec::new(), pages, names, unplayable, error, is_long, is_finished }
    }
}

/// A row of the join: one for each variant, or one without.
struct Made {
    outcome: Outcome,
    variant: Option<Variant>,
}

impl Read for Made {
    const WIDTH: usize = Outcome::WIDTH + Variant::WIDTH;
    fn read(columns: &mut Columns<'_>) -> std::result::Result<Self, ReadError> {
        Ok(Self { outcome: Outcome::read(columns)?, variant: columns.outer()? })
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
        let mut made = Bulk::with(format!(
            "SELECT {}, {} FROM k CROSS JOIN media_files f
                JOIN derivations d ON d.company_id = f.company_id AND d.id = f.id
                LEFT JOIN media_variants v ON v.company_id = d.company_id AND v.media_id = d.id
                WHERE f.company_id = k.company_id{} AND f.id = k.id ORDER BY d.company_id, d.id, v.kind",
            Outcome::SELECT,
            Variant::SELECT,
            and_seen(scope, "f.conversation_id")
        ));
        for id in media {
            made.push(row! { company_id => scope.company(), id => *id });
        }
        let mut found: HashMap<MediaId, DerivationResult> = HashMap::new();
        for Made { outcome, variant } in made.read(self.db()).await? {
            found.entry(outcome.media_id).or_insert_with(|| outcome.result()).variants.extend(variant);
        }
        Ok(found)
    }
}
