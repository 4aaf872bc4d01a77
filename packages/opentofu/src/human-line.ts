import type { ToolEvent } from "./types.ts";

/** What a person reads of an event, for tools whose stdout is JSON (rule 26); null where nothing is to be said. Ends without a newline. */
export function humanLine(event: ToolEvent): string | null {
  switch (event.type) {
    case "diagnostic":
      return diagnosticText(event);
    case "outputs":
      return outputsText(event.outputs);
    case "version":
      return `${event.tool === "opentofu" ? "OpenTofu" : "Terraform"} ${event.version}`;
    case "state_dump":
      return null;
    case "provisioner":
      return provisionerText(event);
    case "summary":
      return `\n${event.text}`;
    default:
      return event.text;
  }
}

/** As the tool says it without `-json`: no word of the end, and no colon behind the address of what is printed. */
function provisionerText({ address, state, text }: Extract<ToolEvent, { type: "provisioner" }>): string | null {
  if (state === "completed") return null;
  return state === "progress" && text.startsWith(`${address}: (`) ? address + text.slice(address.length + 1) : text;
}

function diagnosticText(event: Extract<ToolEvent, { type: "diagnostic" }>): string {
  const lines = ["", `${event.severity === "error" ? "Error" : "Warning"}: ${event.summary}`];
  if (event.address) lines.push("", `  with ${event.address},`);
  if (event.file) lines.push(`${event.address ? "" : "\n"}  on ${event.file}${event.line === null ? "" : ` line ${event.line}`}:`);
  if (event.snippet)
    for (const [at, code] of event.snippet.split("\n").entries()) lines.push(`  ${String((event.line ?? 1) + at).padStart(3)}: ${code}`);
  if (event.detail) lines.push("", event.detail);
  return lines.join("\n");
}

function outputsText(outputs: Extract<ToolEvent, { type: "outputs" }>["outputs"]): string | null {
  // A plan's event has actions and no values: the plan itself shows them.
  const shown = Object.entries(outputs).filter(([, output]) => output.action === null);
  if (shown.length === 0) return null;
  const lines = shown.map(([name, output]) => `${name} = ${output.sensitive ? "<sensitive>" : JSON.stringify(output.value)}`);
  return ["", "Outputs:", "", ...lines].join("\n");
}
