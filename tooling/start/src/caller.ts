/** The public REST API as any caller sees it. Throws an Error with the api's message where it does not answer 2xx. */
export interface Caller {
  get<T>(path: string): Promise<T>;
  post<T>(path: string, body: unknown): Promise<T>;
}

const timeoutMs = 30_000;

export function callerOf(url: string, token: string, signal: AbortSignal): Caller {
  const call = async <T>(method: string, path: string, body?: unknown): Promise<T> => {
    const response = await fetch(`${url}${path}`, {
      method,
      headers: { authorization: `Bearer ${token}`, ...(body === undefined ? {} : { "content-type": "application/json" }) },
      body: body === undefined ? null : JSON.stringify(body),
      signal: AbortSignal.any([signal, AbortSignal.timeout(timeoutMs)]),
    });
    const answer = (await response.json().catch(() => null)) as (T & { error?: { message?: string } }) | null;
    if (!response.ok || answer === null) throw new Error(`${method} ${path}: ${response.status} ${answer?.error?.message ?? ""}`.trim());
    return answer;
  };
  return { get: (path) => call("GET", path), post: (path, body) => call("POST", path, body) };
}
