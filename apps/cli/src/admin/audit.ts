import { auditChains } from "@takosumi/db/audit-chains";
import { verifyAnchored } from "@takosumi/db/audit-verify";
import { Command } from "commander";
import { openGround, say } from "./ground.ts";

export const audit = (): Command =>
  new Command("audit").description("The record of who did what").addCommand(
    new Command("verify")
      .description("Follow every chain from its first event to its head, and compare with what is kept outside the database")
      .option("--workspace <id>", "only the chain of this Workspace; `instance` is the one of what belongs to none")
      .action(async ({ workspace }: { workspace?: string }) => {
        const { db, anchors, close } = await openGround();
        try {
          const chains = workspace === undefined ? new Set([...(await auditChains(db)), ...(await anchors.all())]) : new Set([workspace]);
          let broken = 0;
          for (const chain of [...chains].sort()) {
            const { ok, checked, first_broken, anchored } = await verifyAnchored(db, anchors, chain);
            const outside = anchored ? `, recorded outside up to ${anchored.sequence}` : "";
            if (ok) say(`ok      ${chain}  ${checked} events${outside}`);
            else say(`BROKEN  ${chain}  at event ${first_broken?.sequence}: ${first_broken?.reason}`);
            if (!ok) broken++;
          }
          say(broken === 0 ? `${chains.size} chains are whole` : `${broken} of ${chains.size} chains are broken`);
          if (broken > 0) process.exitCode = 1;
        } finally {
          await close();
        }
      }),
  );
