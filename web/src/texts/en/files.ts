/** Files, players and details. */

import { english } from "@mediary/media/english";

export const files = {
  media: english.media,
  player: english.player,
  lightbox: english.lightbox,
  details: {
    title: "Details",
    close: "Close details",
    recent: "Recent media",
    file: "File",
    name: "Name",
    kind: "Kind",
    type: "Type",
    size: "Size",
    dimensions: "Dimensions",
    duration: "Duration",
    pages: "Pages",
    received: "Received",
    stored: "Stored",
    hash: "SHA-256",
    integrity: "Integrity",
    integrityValue: {
      verified: "Exactly as WhatsApp declared it",
      mismatch: "Differs from what WhatsApp declared",
      undeclared: "WhatsApp declared nothing to compare with",
    },
    people: "People",
    unplayable: "May not play",
    problem: "Problem",
    expires: "WhatsApp keeps it until",
    policy: "Kept",
    policyValue: {
      store: "Always",
      on_view: "Once somebody has viewed it",
      stream: "Never; each view asks WhatsApp",
    },
    showInThread: "Show in conversation",
    about: (label: string, when: string) => `Details of ${label}, ${when}`,
    backToContact: "Back to the contact",
  },
};
