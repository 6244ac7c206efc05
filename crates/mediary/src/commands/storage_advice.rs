//! Advice for storage that does not work, by its error: the mistakes that people make with buckets.

use mediary_blob::S3Settings;
use mediary_core::StorageBackend;

use crate::config::StorageConfig;

/// Words of an answer, and what they mean for somebody who has `bucket`. The first that fits counts.
type Advice = (&'static [&'static str], fn(&Names, &S3Settings) -> String);

const ADVICE: &[Advice] = &[
    (&["Content-Encoding"], |names, _| {
        format!(
            "something in front of the bucket compresses what it sends; turn that off, or point {} at the bucket itself",
            names.endpoint
        )
    }),
    (&["did not send the part of the file", "non-partial response"], |names, _| {
        format!(
            "something in front of the bucket (a CDN or a proxy) does not serve ranges as asked; point {} at the bucket itself",
            names.endpoint
        )
    }),
    (&["RequestTimeTooSkewed"], |_, _| "this machine's clock is wrong; set it, best by NTP".to_owned()),
    (&["NoSuchBucket"], |names, bucket| {
        format!("there is no bucket {:?}; make it, or correct {}", bucket.bucket, names.bucket)
    }),
    (&["InvalidAccessKeyId"], |names, _| format!("the store does not know this key; correct {}", names.id)),
    (&["SignatureDoesNotMatch"], |names, _| {
        format!(
            "the key's other half is wrong; correct {} (and the region, if the store wants one)",
            names.secret
        )
    }),
    (
        &[
            "AuthorizationHeaderMalformed",
            "PermanentRedirect",
            "IllegalLocationConstraint",
            "status code: 301",
        ],
        |names, bucket| format!("the bucket is not in region {:?}; correct {}", bucket.region, names.region),
    ),
    (&["AccessDenied", "status code: 403"], |names, _| {
        format!(
            "the key may not do this; allow it to get, put, delete and list objects in this bucket, or correct {}",
            names.id
        )
    }),
    (&["dns error", "failed to lookup", "Name or service not known"], |names, bucket| {
        if bucket.path_style {
            format!("this host name does not resolve; correct {}", names.endpoint)
        } else {
            format!(
                "the host name of the bucket does not resolve; set AWS_S3_PATH_STYLE=true, or correct {}",
                names.endpoint
            )
        }
    }),
    (&["invalid peer certificate", "UnknownIssuer"], |names, _| {
        format!(
            "its certificate is not trusted here; add its authority to this machine, or correct {}",
            names.endpoint
        )
    }),
    (&["Connection refused", "timed out", "tcp connect error"], |names, bucket| {
        let endpoint = bucket.endpoint.as_deref().unwrap_or("Amazon");
        format!(
            "{endpoint} does not answer; check that it runs and can be reached from here, or correct {}",
            names.endpoint
        )
    }),
    (&["upload in parts"], |names, _| {
        format!(
            "small files are taken, files of more than 5 MiB are not; allow multipart uploads to the key of {} and in whatever stands in front of the bucket",
            names.id
        )
    }),
];

/// The settings of a kind of bucket.
struct Names {
    bucket: &'static str,
    id: &'static str,
    secret: &'static str,
    region: &'static str,
    endpoint: &'static str,
}

const AMAZON: Names = Names {
    bucket: "AWS_S3_BUCKET",
    id: "AWS_ACCESS_KEY_ID",
    secret: "AWS_SECRET_ACCESS_KEY",
    region: "AWS_REGION",
    endpoint: "AWS_ENDPOINT_URL",
};
const CLOUDFLARE: Names = Names {
    bucket: "R2_BUCKET",
    id: "R2_ACCESS_KEY_ID",
    secret: "R2_SECRET_ACCESS_KEY",
    region: "R2_ENDPOINT",
    endpoint: "R2_ACCOUNT_ID or R2_ENDPOINT",
};

/// The advice for an error of a storage with this text, if it is one of the usual mistakes with a bucket.
pub(super) fn known(config: &StorageConfig, backend: StorageBackend, text: &str) -> Option<String> {
    let bucket = config.bucket(backend)?;
    let fits = |(words, _): &&Advice| words.iter().any(|word| text.contains(word));
    ADVICE.iter().find(fits).map(|(_, advice)| advice(names(backend), bucket))
}

/// Where to look if a storage does not work, whatever the reason.
pub(super) fn general(config: &StorageConfig, backend: StorageBackend) -> String {
    if config.bucket(backend).is_none() {
        return "check who owns the folder of MEDIARY_DATA_DIR and what is in it, and the free space"
            .to_owned();
    }
    let names = names(backend);
    format!("check {}, {} and {}", names.bucket, names.endpoint, names.id)
}

fn names(backend: StorageBackend) -> &'static Names {
    if backend == StorageBackend::R2 { &CLOUDFLARE } else { &AMAZON }
}
