/** Tables as text (RFC 4180), for spreadsheets that take some texts for formulas. */
export type Cell = string;

/** What makes a spreadsheet compute: a stranger's name may begin with it. */
const FORMULA = /^[=+\-@\t\r]/;

const quoted = (cell: Cell): string => {
    const inert = FORMULA.test(cell) ? `'${cell}` : cell;
    return /[",\r\n]/.test(inert) ? `"${inert.replaceAll('"', '""')}"` : inert;
};

export const csvOf = (rows: readonly (readonly Cell[])[]): string => rows.map((row) => `${row.map(quoted).join(',')}\r\n`).join('');
