//! The nearest of a list of names, for errors that ask "did you mean".

/// The name with the smallest edit distance to `word`, if it is near enough to be a slip of the pen: two letters, or a
/// third of a long word, inserted, dropped or replaced. Case does not count.
///
/// ```
/// use sobolev_tensor::closest;
/// assert_eq!(closest("gleu", &["relu", "gelu", "tanh"]), Some("gelu"));
/// assert_eq!(closest("swish", &["relu", "gelu", "tanh"]), None);
/// ```
pub fn closest<'a>(word: &str, names: &[&'a str]) -> Option<&'a str> {
    let word = word.to_lowercase();
    let letters = word.chars().count();
    let limit = (letters / 3).max(2).min(letters.saturating_sub(1));
    names
        .iter()
        .map(|name| (edit_distance(&word, &name.to_lowercase()), *name))
        .filter(|(distance, _)| *distance <= limit)
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, name)| name)
}

/// Levenshtein's distance.
fn edit_distance(a: &str, b: &str) -> usize {
    let b: Vec<char> = b.chars().collect();
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, x) in a.chars().enumerate() {
        let mut diagonal = row[0];
        row[0] = i + 1;
        for (j, y) in b.iter().enumerate() {
            let replaced = diagonal + usize::from(x != *y);
            diagonal = row[j + 1];
            row[j + 1] = replaced.min(row[j] + 1).min(row[j + 1] + 1);
        }
    }
    row[b.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn distances_count_single_edits() {
        assert_eq!(edit_distance("kitten", "sitting"), 3);
        assert_eq!(edit_distance("", "abc"), 3);
        assert_eq!(edit_distance("abc", "abc"), 0);
    }

    #[test]
    fn far_words_have_no_neighbour_and_case_does_not_count() {
        assert_eq!(closest("GELU", &["relu", "gelu"]), Some("gelu"));
        assert_eq!(closest("one-cycel", &["constant", "step", "one-cycle"]), Some("one-cycle"));
        assert_eq!(closest("hartley", &["relu", "gelu"]), None);
    }
}
