export class Problem extends Error {
  constructor(message: string, fix?: string);
  readonly fix: string | undefined;
  /** The step that it belongs to. */
  readonly step?: string;
}
export type Say = (text: string) => void;
export function done(name: string, text: string, ms: number): string;
export function warning(name: string, text: string, fix?: string): string;
export function failure(name: string, error: Error & { readonly fix?: string | undefined }): string;
export function step(name: string, work: (say: Say) => Promise<string | null>): Promise<void>;
