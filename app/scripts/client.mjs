// Builds what is published as @upside-tokens/client into client/dist, packs it without publishing, and imports it as its users do.
import { execFileSync } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { build } from 'vite';

const app = dirname(dirname(fileURLToPath(import.meta.url)));
const client = join(app, 'client');
const fail = (reason) => {
    throw new Error(`client/: ${reason}`);
};

await build({ configFile: join(client, 'vite.config.ts'), logLevel: 'warn' });
execFileSync(process.execPath, [join(app, 'node_modules/typescript/bin/tsc'), '-p', client], { stdio: 'inherit' });

const manifest = JSON.parse(await readFile(join(client, 'package.json'), 'utf8'));
const dapp = JSON.parse(await readFile(join(app, 'package.json'), 'utf8'));
for (const key of ['name', 'version', 'description', 'license', 'repository', 'keywords', 'exports', 'files', 'engines']) {
    if (manifest[key] === undefined) fail(`package.json lacks "${key}"`);
}
for (const [name, version] of Object.entries(manifest.peerDependencies)) {
    if (dapp.dependencies[name] !== version) fail(`${name} is ${version} here and ${dapp.dependencies[name]} in the dApp that tests it`);
}
const packed = JSON.parse(execFileSync('npm', ['pack', '--dry-run', '--json', '--ignore-scripts'], { cwd: client, encoding: 'utf8' }))[0];
const names = packed.files.map((file) => file.path);
for (const path of ['package.json', 'README.md', ...Object.values(manifest.exports['.']).map((entry) => entry.replace('./', ''))]) {
    if (!names.includes(path)) fail(`the package would lack ${path}`);
}
const stray = names.filter((path) => !path.startsWith('dist/') && !['package.json', 'README.md'].includes(path));
if (stray.length > 0) fail(`the package would have ${stray.join(', ')}`);

const idl = JSON.parse(await readFile(join(app, '..', 'idl', 'upside.json'), 'utf8'));
const published = await import(pathToFileURL(join(client, 'dist', 'index.js')));
if (published.UPSIDE_PROGRAM_ADDRESS !== idl.address) fail('the program is another');
if (Object.keys(published.EVENTS).length !== idl.events.length) fail('events are missing');
if (Object.keys(published.PROGRAM_ERRORS).length !== idl.errors.length) fail('errors are missing');
console.log(`${packed.name} ${packed.version}: ${packed.entryCount} files, ${packed.size} bytes packed; imported`);
