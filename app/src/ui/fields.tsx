/** Form fields with labels, hints, and what is wrong, tied together for screen readers. */
import { useId, type ChangeEvent, type ReactNode } from 'react';
import { isAddress } from '@solana/kit';
import { formatAmount, parseAmount, plainAmount } from '../amounts';

type FieldProps = {
    label: string;
    hint?: ReactNode;
    problem?: string | null | undefined;
    children: (ids: { id: string; 'aria-describedby'?: string; 'aria-invalid'?: boolean }) => ReactNode;
};

export function Field({ label, hint, problem, children }: FieldProps) {
    const id = useId();
    const described = [hint ? `${id}-hint` : '', problem ? `${id}-problem` : ''].filter(Boolean).join(' ');
    return (
        <div className="field">
            <label htmlFor={id}>{label}</label>
            {children({ id, ...(described ? { 'aria-describedby': described } : {}), ...(problem ? { 'aria-invalid': true } : {}) })}
            {hint && (
                <p id={`${id}-hint`} className="hint">
                    {hint}
                </p>
            )}
            {problem && (
                <p id={`${id}-problem`} className="problem">
                    {problem}
                </p>
            )}
        </div>
    );
}

type TextProps = {
    label: string;
    value: string;
    onChange: (value: string) => void;
    hint?: ReactNode;
    problem?: string | null | undefined;
    placeholder?: string;
    type?: 'text' | 'datetime-local' | 'url';
    mono?: boolean;
};

export function TextField({ label, value, onChange, hint, problem, placeholder, type = 'text', mono = false }: TextProps) {
    return (
        <Field label={label} hint={hint} problem={problem}>
            {(ids) => (
                <input
                    {...ids}
                    type={type}
                    className={mono ? 'mono' : undefined}
                    value={value}
                    placeholder={placeholder}
                    autoComplete="off"
                    autoCorrect="off"
                    spellCheck={false}
                    onChange={(event: ChangeEvent<HTMLInputElement>) => onChange(event.target.value)}
                />
            )}
        </Field>
    );
}

type AreaProps = Pick<TextProps, 'label' | 'value' | 'onChange' | 'hint' | 'problem'>;

export const TextArea = ({ label, value, onChange, hint, problem }: AreaProps) => (
    <Field label={label} hint={hint} problem={problem}>
        {(ids) => (
            <textarea
                {...ids}
                className="mono"
                rows={6}
                value={value}
                autoComplete="off"
                autoCorrect="off"
                spellCheck={false}
                onChange={(event) => onChange(event.target.value)}
            />
        )}
    </Field>
);

type AmountFieldProps = {
    label: string;
    value: string;
    onChange: (value: string) => void;
    decimals: number;
    symbol: string;
    /** The most that makes sense now, in atoms; undefined while it is not known, null if nothing bounds it. */
    most: bigint | undefined | null;
    mostLabel?: string;
    hint?: ReactNode;
};

/** What an amount field's text is: atoms, or the problem with it; nothing while it is empty. */
export function amountIn(text: string, decimals: number, most: bigint | undefined | null): { atoms?: bigint; problem?: string } {
    if (text.trim() === '') return {};
    const parsed = parseAmount(text, decimals);
    if ('problem' in parsed) return parsed;
    if (parsed.atoms === 0n) return { problem: 'The amount must be above zero' };
    if (typeof most === 'bigint' && parsed.atoms > most) return { problem: `At most ${formatAmount(most, decimals)}` };
    return parsed;
}

export function AmountField({ label, value, onChange, decimals, symbol, most, mostLabel = 'You have', hint }: AmountFieldProps) {
    const { problem } = amountIn(value, decimals, most);
    const bound = typeof most === 'bigint' && (
        <>
            {mostLabel} {formatAmount(most, decimals)} <bdi>{symbol}</bdi>.{' '}
            {most > 0n && (
                <button type="button" className="link" onClick={() => onChange(plainAmount(most, decimals))}>
                    Use all
                </button>
            )}
        </>
    );
    return (
        <Field label={`${label} (${symbol})`} hint={bound || hint ? <>{bound} {hint}</> : undefined} problem={problem}>
            {(ids) => (
                <input
                    {...ids}
                    inputMode="decimal"
                    className="numeric"
                    value={value}
                    placeholder="0"
                    autoComplete="off"
                    onChange={(event) => onChange(event.target.value)}
                />
            )}
        </Field>
    );
}

export const addressProblem = (text: string): string | null =>
    text.trim() === '' || isAddress(text.trim()) ? null : 'This is not a Solana address: check that all of it is there';

type AddressFieldProps = { label: string; value: string; onChange: (value: string) => void; hint?: ReactNode };
export const AddressField = (props: AddressFieldProps) => (
    <TextField {...props} mono problem={addressProblem(props.value)} placeholder="Address" />
);

type ChoiceProps<T extends string> = {
    label: string;
    value: T;
    options: readonly { value: T; label: string; hint?: string }[];
    onChange: (value: T) => void;
};

export function Choice<T extends string>({ label, value, options, onChange }: ChoiceProps<T>) {
    const name = useId();
    return (
        <fieldset className="choice">
            <legend>{label}</legend>
            {options.map((option) => (
                <label key={option.value}>
                    <input type="radio" name={name} checked={option.value === value} onChange={() => onChange(option.value)} />
                    <span>
                        {option.label}
                        {option.hint && <small>{option.hint}</small>}
                    </span>
                </label>
            ))}
        </fieldset>
    );
}
