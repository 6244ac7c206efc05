/** From where a message can be looked up. */
export const WAYS_BACK = ["gallery", "media", "search"] as const;
export type WayBack = (typeof WAYS_BACK)[number];
