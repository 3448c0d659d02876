use crate::Folder;

#[test]
fn lists_are_those_of_the_library() {
    let folder = Folder::new();
    let names = |list: &str| -> Vec<String> {
        let entries: Vec<serde_json::Value> =
            serde_json::from_str(&folder.ok(&format!("{list} --json"))).unwrap();
        entries.iter().map(|entry| entry["name"].as_str().unwrap().to_string()).collect()
    };
    assert_eq!(names("equations"), sobolev::solvers::EQUATIONS.iter().map(|e| e.name).collect::<Vec<_>>());
    assert_eq!(names("models"), sobolev::operators::MODELS.iter().map(|e| e.name).collect::<Vec<_>>());
    assert_eq!(
        names("activations"),
        sobolev::nn::activation::ACTIVATIONS.iter().map(|a| a.name()).collect::<Vec<_>>()
    );
    assert_eq!(names("formats"), sobolev::data::formats::FORMATS.iter().map(|e| e.name).collect::<Vec<_>>());
    assert!(folder.ok("equations").contains("-div(a grad u) = f"));
    assert!(folder.ok("fields").contains("darcy"));
    assert!(
        folder.ok("equations darcy").contains("stride = 1") && !folder.ok("equations").contains("stride = 1")
    );
    assert!(folder.ok("models fno").contains("width = 32"));
    assert!(folder.fails("equations darci").contains("did you mean \"darcy\"?"));
}

#[test]
fn help_teaches_with_examples_and_unknown_options_are_errors() {
    let folder = Folder::new();
    for command in
        ["quickstart", "generate", "info", "convert", "plot", "train", "evaluate", "predict", "bench"]
    {
        let help = folder.ok(&format!("{command} --help"));
        assert!(
            help.contains("Example") && help.contains(&format!("sobolev {command}")),
            "{command}: {help}"
        );
    }
    assert!(folder.fails("train d.h5 --epoch 3").contains("--epochs"));
    assert!(folder.fails("trian d.h5").contains("train"));
    assert!(folder.fails("generate").contains("EQUATION"));
}
