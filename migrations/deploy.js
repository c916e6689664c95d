// `anchor migrate` runs this. All of the work is in `cargo xtask deploy`; options for it go into UPSIDE_DEPLOY_OPTIONS.
const { spawnSync } = require("node:child_process");
const path = require("node:path");

module.exports = async function (provider) {
  const options = (process.env.UPSIDE_DEPLOY_OPTIONS || "").split(" ").filter(Boolean);
  const wallet = process.env.ANCHOR_WALLET ? ["--keypair", process.env.ANCHOR_WALLET] : [];
  const { status, error } = spawnSync(
    "cargo",
    ["xtask", "deploy", "--url", provider.connection.rpcEndpoint, ...wallet, ...options],
    { cwd: path.join(__dirname, ".."), stdio: "inherit" },
  );
  if (error) throw error;
  if (status !== 0) throw new Error(`cargo xtask deploy ended with ${status}`);
};
