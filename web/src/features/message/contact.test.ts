import { describe, expect, it } from "vitest";
import { contactName, contactPhone } from "@/features/message/contact";
import { initials } from "@/lib/initials";

describe("contacts", () => {
  const contact = { id: 1, waId: null, userId: null, phone: null, name: null };

  it("are called by name, else number, else unknown", () => {
    expect(contactName({ ...contact, name: "Ana", waId: "49151" })).toBe("Ana");
    expect(contactName({ ...contact, waId: "49151" })).toBe("+49151");
    expect(contactName(contact)).toBe("Unknown contact");
    expect(contactPhone({ ...contact, phone: "+49151" })).toBe("+49151");
  });

  it.each([
    ["Amelia Jane Hart", "AH"],
    ["佐藤 美咲", "佐美"],
    ["नीलम", "नी"],
    ["🌸 Ana", "A"],
    ["+49151", "#"],
  ])("%s has the initials %s", (name, letters) => {
    expect(initials(name)).toBe(letters);
  });
});

it("a name of emoji alone is known by its first, and a number by none", () => {
  expect(["🎉🎉🎉", "+49 151", "Ana 🎉"].map(initials)).toEqual(["🎉", "#", "A"]);
});

it("a group is no telephone number", () => {
  const group = { id: 1, waId: "grp1", userId: null, phone: null, name: null };
  expect(contactPhone(group)).toBeNull();
  expect(contactName(group)).toBe("Group");
});
