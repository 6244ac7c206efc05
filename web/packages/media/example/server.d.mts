type Crm = { url: string; close: () => Promise<void> };
export function startCrm(options: { mediary: string; key: string; port?: number }): Promise<Crm>;
