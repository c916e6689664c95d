/** The few building blocks of every page. */
import { useId, type ReactNode } from 'react';
import { ofThrown } from '../transactions/trouble';
import type { Query } from './hooks';

export function Card({ title, children, actions }: { title: string; children: ReactNode; actions?: ReactNode }) {
    const id = useId();
    return (
        <section className="card" aria-labelledby={id}>
            <header>
                <h2 id={id}>{title}</h2>
                {actions}
            </header>
            {children}
        </section>
    );
}

export function Notice({ tone = 'info', children }: { tone?: 'info' | 'warning' | 'danger' | 'good'; children: ReactNode }) {
    return (
        <div className={`notice ${tone}`} role={tone === 'danger' ? 'alert' : 'note'}>
            {children}
        </div>
    );
}

export const Empty = ({ children }: { children: ReactNode }) => <p className="empty">{children}</p>;

/** Shows what a query answered; what it is waiting for; or why it has no answer. Nothing is shown that was not read. */
export function Loaded<T>({ query, what, children }: { query: Query<T>; what: string; children: (data: T) => ReactNode }) {
    if (query.data !== undefined) return <>{children(query.data)}</>;
    if (query.error) {
        const failure = ofThrown(query.error);
        return (
            <Notice tone="danger">
                <p>
                    {failure.sentence} {failure.remedy}
                </p>
            </Notice>
        );
    }
    return (
        <p className="loading" role="status">
            Reading {what}…
        </p>
    );
}

type Column = { title: string; numeric?: boolean };

/** A real table with a caption for screen readers; wide ones scroll by themselves. */
export function Table({ caption, columns, rows }: { caption: string; columns: readonly Column[]; rows: readonly (readonly ReactNode[])[] }) {
    const id = useId();
    return (
        // A region that scrolls must be reachable by keyboard.
        // oxlint-disable-next-line jsx-a11y/no-noninteractive-tabindex
        <div className="table" role="region" aria-labelledby={id} tabIndex={0}>
            <table>
                <caption id={id} className="sr-only">
                    {caption}
                </caption>
                <thead>
                    <tr>
                        {columns.map((column) => (
                            <th key={column.title} scope="col" className={column.numeric ? 'numeric' : undefined}>
                                {column.title}
                            </th>
                        ))}
                    </tr>
                </thead>
                <tbody>
                    {rows.map((cells, row) => (
                        // Rows have no identity beyond their place: the whole table is drawn anew.
                        // oxlint-disable-next-line react/no-array-index-key
                        <tr key={row}>
                            {cells.map((cell, i) => {
                                const column = columns[i]!;
                                const className = column.numeric ? 'numeric' : undefined;
                                return i === 0 ? (
                                    <th key={column.title} scope="row" data-label={column.title} className={className}>
                                        {cell}
                                    </th>
                                ) : (
                                    <td key={column.title} data-label={column.title} className={className}>
                                        {cell}
                                    </td>
                                );
                            })}
                        </tr>
                    ))}
                </tbody>
            </table>
        </div>
    );
}

/** Facts as names and values. */
export function Facts({ items }: { items: readonly (readonly [name: string, value: ReactNode])[] }) {
    return (
        <dl className="facts">
            {items.map(([name, value]) => (
                <div key={name}>
                    <dt>{name}</dt>
                    <dd>{value}</dd>
                </div>
            ))}
        </dl>
    );
}

/** The one explanation of registered shares. */
export function RegisteredExplained() {
    return (
        <details className="explain">
            <summary>What is a registered share, and why does my wallet show it as frozen?</summary>
            <p>
                A <strong>registered</strong> share earns: whatever is paid into the security reaches it, and it can be redeemed for the
                backing. It lies in a token account of your own wallet that this program keeps frozen. Frozen here protects you: nobody,
                you included, can move the share except through the program, and the program pays you what you have earned first.
            </p>
            <p>
                A <strong>bearer</strong> share is an ordinary token. It trades anywhere, but earns nothing until it is registered. You can
                turn one into the other whenever you like, unless the terms say that the security is curated.
            </p>
        </details>
    );
}
