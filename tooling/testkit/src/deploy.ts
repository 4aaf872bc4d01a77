import type { Answer, Call } from "./call.ts";

// biome-ignore lint/suspicious/noExplicitAny: a test reads whatever a server answered
export type Run = any;
const moving = new Set(["queued", "running"]);

/** What somebody does with the API: each call as it goes over the wire. */
export function deployOn(call: Call, patienceMs = 50_000) {
  const ok = async (method: string, path: string, body?: unknown) => {
    const answer: Answer = await call(method, path, body === undefined ? {} : { body });
    if (answer.status >= 300) throw new Error(`${method} ${path}: ${answer.status} ${JSON.stringify(answer.body)}`);
    return answer.body;
  };
  const project = async (): Promise<string> => (await ok("POST", "/api/projects", { name: "p" })).project.id;
  const capsule = async (files: Readonly<Record<string, string>>, more: object = {}): Promise<string> =>
    (await ok("POST", "/api/capsules", { project_id: await project(), name: "c", source: { kind: "inline", files }, ...more })).capsule.id;
  /** A Run once `reached` says so; by default once nothing is under way. */
  const until = async (id: string, reached: (run: Run) => boolean = ({ status }) => !moving.has(status)): Promise<Run> => {
    const deadline = Date.now() + patienceMs;
    for (;;) {
      const { run } = await ok("GET", `/api/runs/${id}`);
      if (reached(run)) return run;
      if (Date.now() > deadline) throw new Error(`Run ${id} is still ${run.status}, ${run.phase}`);
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
  };
  const plan = async (capsule_id: string, more: object = {}): Promise<Run> =>
    until((await ok("POST", "/api/runs", { kind: "plan", capsule_id, ...more })).run.id);
  const approve = async (planned: Run): Promise<Run> =>
    until((await ok("POST", `/api/runs/${planned.id}/approve`, { plan_digest: planned.plan.digest })).run.id);
  const log = async (run: Run): Promise<string> => (await ok("GET", `/api/runs/${run.id}/logs`)).log;
  return { ok, project, capsule, until, plan, approve, log };
}
