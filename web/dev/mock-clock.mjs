// With MOCK_NOW time stands still there, so that the made-up data are the same on every day. For development and tests only.
const now = Date.parse(process.env.MOCK_NOW ?? "");

if (!Number.isNaN(now)) {
  globalThis.Date = class extends Date {
    constructor(...parts) {
      super(...(parts.length > 0 ? parts : [now]));
    }
    static now() {
      return now;
    }
  };
}
