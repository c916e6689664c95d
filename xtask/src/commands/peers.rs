//! `docs/peers.md`: its figures of this program are those of `docs/compute_units.md`.

use anyhow::{bail, Context, Result};

/// What stands before a figure: `<!--instruction: case-->`.
const OPEN: &str = "<!--";
const CLOSE: &str = "-->";

/// The page with every figure behind a comment replaced by that of the row that the comment names.
pub fn refreshed(page: &str, costs: &str) -> Result<String> {
    let mut text = String::with_capacity(page.len());
    let mut rest = page;
    while let Some((before, after)) = rest.split_once(OPEN) {
        let (name, after) = after
            .split_once(CLOSE)
            .context("a comment of docs/peers.md has no end")?;
        let (instruction, case) = name
            .split_once(": ")
            .with_context(|| format!("docs/peers.md: \"{name}\" must be instruction: case"))?;
        let figure = figure(costs, instruction, case)
            .with_context(|| format!("docs/compute_units.md has no row \"{instruction}\" with the case \"{case}\""))?;
        let end = after
            .find(|c: char| !c.is_ascii_digit() && c != ',')
            .unwrap_or(after.len());
        if end == 0 {
            bail!("docs/peers.md: no figure stands behind \"{name}\"");
        }
        text.extend([before, OPEN, name, CLOSE, figure]);
        rest = &after[end..];
    }
    text.push_str(rest);
    Ok(text)
}

/// The figure with fixed keys of a row.
fn figure<'a>(costs: &'a str, instruction: &str, case: &str) -> Option<&'a str> {
    costs.lines().find_map(|line| {
        let mut cells = line.strip_prefix('|')?.split('|').map(str::trim);
        let is_row = cells.next()?.trim_matches('`') == instruction && cells.next()? == case;
        is_row.then(|| cells.next()).flatten()
    })
}

#[cfg(test)]
mod tests {
    use super::refreshed;

    const COSTS: &str = "| instruction | case | fixed keys | most |\n|---|---|---:|---:|\n| `redeem` |  | 12,607 | 1 |\n| `claim` | by anyone | 42 | 2 |\n";

    #[test]
    fn figures_follow_their_rows() {
        let page = "| a | <!--claim: by anyone-->5,522 | 8,352 |\n| b | <!--redeem: -->1 |";
        let fresh = refreshed(page, COSTS).expect("a page");
        assert_eq!(
            fresh,
            "| a | <!--claim: by anyone-->42 | 8,352 |\n| b | <!--redeem: -->12,607 |"
        );
    }

    #[test]
    fn a_row_that_is_gone_is_named() {
        let error = refreshed("<!--collect: all-->1", COSTS).unwrap_err().to_string();
        assert!(error.contains("collect") && error.contains("all"), "{error}");
    }

    #[test]
    fn the_committed_page_names_rows_that_exist() {
        let page = include_str!("../../../docs/peers.md");
        let costs = include_str!("../../../docs/compute_units.md");
        assert!(page.contains("<!--claim: "));
        refreshed(page, costs).expect("every figure has its row");
    }
}
