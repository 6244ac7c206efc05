export const ROOMS: readonly string[];
export const EFFECTS_MAX: number;
export function problemsOf(files: Record<string, string>): string[];
