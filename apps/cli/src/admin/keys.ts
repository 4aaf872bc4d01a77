import { Command } from "commander";
import { openGround } from "./ground.ts";
import { rotateDataKeys } from "./rotate-data.ts";
import { nextKey, rotateMaster } from "./rotate-master.ts";

export const keys = (): Command =>
  new Command("keys").description("Keys that everything stored is sealed with").addCommand(
    new Command("rotate")
      .description("Wrap every data key by a new master key, while everything goes on")
      .option("--data", "make new data keys as well, and seal anew what was sealed with the old ones")
      .option("--wait <seconds>", "with --data: how long other processes may go on sealing with the key before", "65")
      .option("--leaked", "with --data: the keys before are known to somebody, so that plans which wait under them are refused")
      .action(async ({ data = false, leaked = false, wait }: { data?: boolean; leaked?: boolean; wait: string }) => {
        const ground = await openGround();
        try {
          await nextKey(ground);
          // First, so that nothing but the master key before knows the replaced keys as ones that prove anything.
          if (data) await rotateDataKeys(ground, { waitSeconds: Number(wait), leaked });
        } finally {
          await ground.close();
        }
        const again = await openGround();
        try {
          await rotateMaster(again);
        } finally {
          await again.close();
        }
      }),
  );
