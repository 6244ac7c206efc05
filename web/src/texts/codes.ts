/** What the inbox says itself in every language but English, by the server's codes; what these leave out only the server can say. */
export type ErrorWords = Record<
  | "unauthorized"
  | "forbidden"
  | "not_found"
  | "media_expired"
  | "media_deleted"
  | "payload_too_large"
  | "unsupported_media_type"
  | "link_expired"
  | "rate_limited"
  | "provider_unauthorized"
  | "provider_rate_limited"
  | "provider_unavailable"
  | "provider_timeout"
  | "integrity_mismatch"
  | "media_quarantined"
  | "storage_error"
  | "storage_full"
  | "internal",
  string
>;

/** Why WhatsApp did not deliver a message, by its own codes. */
export type DeliveryWords = Record<
  368 | 130429 | 131026 | 131031 | 131047 | 131048 | 131049 | 131051 | 131053 | 131056,
  string
>;
