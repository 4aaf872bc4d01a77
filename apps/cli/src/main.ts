#!/usr/bin/env node
import { Command } from "commander";
import { audit } from "./admin/audit.ts";
import { keys } from "./admin/keys.ts";

const program = new Command("takosumi").description("Plan, review, approve: exactly that plan is applied.");
program.addCommand(
  new Command("admin")
    .description("What is done beside the server, with its settings in the environment")
    .addCommand(keys())
    .addCommand(audit()),
);

try {
  await program.parseAsync();
} catch (error) {
  process.stderr.write(`error: ${error instanceof Error ? error.message : String(error)}\n`);
  process.exitCode = 1;
}
