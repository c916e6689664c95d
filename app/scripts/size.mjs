// Measures what the built page loads and writes docs/app-size.md; `--check` compares and enforces the limit.
import { readdir, readFile, writeFile } from 'node:fs/promises';
import { dirname, extname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { gzipSync } from 'node:zlib';

/** Most bytes of gzipped script that the first route may load. */
const LIMIT = 120_000;

const app = dirname(dirname(fileURLToPath(import.meta.url)));
const dist = process.env.UPSIDE_APP_DIST ?? join(app, 'dist');
const document = join(app, '..', 'docs', 'app-size.md');
const manifest = JSON.parse(await readFile(join(dist, '.vite', 'manifest.json'), 'utf8'));

/** A chunk and everything it loads before it can run. */
function closure(key, into = new Set()) {
    if (into.has(key)) return into;
    into.add(key);
    for (const imported of manifest[key].imports ?? []) closure(imported, into);
    return into;
}

const gzipped = new Map();
async function weigh(file) {
    if (!gzipped.has(file)) gzipped.set(file, gzipSync(await readFile(join(dist, file)), { level: 9 }).length);
    return gzipped.get(file);
}
const sum = async (keys) => (await Promise.all([...keys].map((key) => weigh(manifest[key].file)))).reduce((a, b) => a + b, 0);

const entry = Object.keys(manifest).find((key) => manifest[key].isEntry);
const first = closure(entry);
const firstBytes = await sum(first);
const styles = (await Promise.all((manifest[entry].css ?? []).map(weigh))).reduce((a, b) => a + b, 0);

const rows = [];
for (const key of Object.keys(manifest).filter((each) => manifest[each].isDynamicEntry)) {
    const more = [...closure(key)].filter((each) => !first.has(each));
    rows.push([key.replace(/^src\//, ''), await sum(more)]);
}
rows.sort((a, b) => (a[0] < b[0] ? -1 : 1));

const everything = await readdir(join(dist, 'assets'));
const scripts = everything.filter((file) => extname(file) === '.js');
const all = (await Promise.all(scripts.map((file) => weigh(join('assets', file))))).reduce((a, b) => a + b, 0);
const kilo = (bytes) => (bytes / 1_000).toFixed(1);

const text = `# What the page loads

Measured on the built files by \`npm run size\` in \`app/\`: gzip at level 9, kB of 1,000 bytes. \`cargo xtask test\` builds the page and compares.

| what | kB |
|---|---:|
| script of the first route (home), limit ${LIMIT / 1_000} | ${kilo(firstBytes)} |
| styles | ${kilo(styles)} |
| all scripts together | ${kilo(all)} |

What each part adds when it is first opened, beyond the first route:

| part | kB |
|---|---:|
${rows.map(([name, bytes]) => `| \`${name}\` | ${kilo(bytes)} |`).join('\n')}
`;

if (firstBytes > LIMIT) {
    console.error(`the first route loads ${kilo(firstBytes)} kB of script, more than ${LIMIT / 1_000}`);
    process.exitCode = 1;
}
const NUMBER = /\b\d+\.\d\b/g;

/** Whether two documents say the same: the same words, and numbers that differ by no more than other versions of gzip do. */
function agrees(one, other) {
    const [a, b] = [one, other].map((each) => each.match(NUMBER)?.map(Number) ?? []);
    const close = a.length === b.length && a.every((number, i) => Math.abs(number - b[i]) <= Math.max(0.3, 0.02 * number));
    return close && one.replace(NUMBER, '#') === other.replace(NUMBER, '#');
}

if (process.argv.includes('--check')) {
    const committed = await readFile(document, 'utf8').catch(() => '');
    if (!agrees(text, committed)) {
        console.error('docs/app-size.md is not what was measured; run `npm run build && npm run size` in app/');
        process.exitCode = 1;
    } else if (process.exitCode === undefined) console.log(`first route: ${kilo(firstBytes)} kB of ${LIMIT / 1_000}`);
} else {
    await writeFile(document, text);
    console.log(text);
}
