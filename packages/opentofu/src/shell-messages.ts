/** What a process asks its shell starter: `start` holds the environment of a new shell, `tell` and `answer` lines for one. */
export type Asked =
  | { readonly id: number; readonly start: Record<string, string> }
  | { readonly id: number; readonly tell: string; readonly options: string; readonly more: boolean }
  | { readonly id: number; readonly answer: string }
  | { readonly id: number; readonly dismiss: true };

/** What the starter says of a shell. */
export type Answered =
  | { readonly id: number; readonly pid: number; readonly startTicks: string }
  | { readonly id: number; readonly failed: true }
  | { readonly id: number; readonly ended: true };
