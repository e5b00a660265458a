from robot.faults import FAULTS, Fault, FaultBook, Severity


def test_every_fault_has_a_text_and_a_remedy() -> None:
    assert set(FAULTS) == set(Fault)
    for fault in FAULTS.values():
        assert fault.text and fault.remedy
        assert not fault.text.endswith(".") and not fault.remedy.endswith(".")


def test_new_fault_is_told_once() -> None:
    book = FaultBook()
    assert [f.code for f in book.update({Fault.BUMPER: ""}, 1.0)] == ["bumper"]
    assert book.update({Fault.BUMPER: ""}, 2.0) == ()
    assert book.active[0].since == 1.0


def test_fault_that_is_gone_stays_until_it_is_acknowledged() -> None:
    book = FaultBook()
    book.update({Fault.PRESSURE_LOW: "200 kPa"}, 1.0)
    book.update({}, 2.0)
    assert [(f.present, f.text) for f in book.active] == [(False, "The air pressure is too low: 200 kPa")]
    assert not book.has(Severity.HOLD)
    assert book.acknowledge("pressure_low")
    assert book.active == ()


def test_present_fault_stays_after_it_is_acknowledged() -> None:
    book = FaultBook()
    book.update({Fault.BATTERY_LOW: ""}, 1.0)
    book.acknowledge("battery_low")
    book.update({Fault.BATTERY_LOW: ""}, 2.0)
    assert book.active[0].acknowledged
    book.update({}, 3.0)
    assert book.active == ()


def test_fault_that_returns_is_new_again() -> None:
    book = FaultBook()
    book.update({Fault.BATTERY_LOW: ""}, 1.0)
    book.acknowledge("battery_low")
    book.update({}, 2.0)
    assert [f.acknowledged for f in book.update({Fault.BATTERY_LOW: ""}, 3.0)] == [False]


def test_empty_code_acknowledges_all() -> None:
    book = FaultBook()
    book.update({Fault.BATTERY_LOW: "", Fault.BUMPER: ""}, 1.0)
    assert book.acknowledge("")
    assert all(f.acknowledged for f in book.active)


def test_unknown_code_is_not_acknowledged() -> None:
    assert not FaultBook().acknowledge("no_such_fault")


def test_first_names_the_oldest_present_fault_of_a_severity() -> None:
    book = FaultBook()
    book.update({Fault.PRESSURE_LOW: ""}, 1.0)
    book.update({Fault.PRESSURE_LOW: "", Fault.LINK_DOWN: ""}, 2.0)
    first = book.first(Severity.HOLD)
    assert first is not None and first.code == "pressure_low"
    assert book.first(Severity.STOP) is None
