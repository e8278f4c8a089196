@shop/sell
Feature: Selling
  @id:rows
  Scenario Outline: Row <case>
    Given these stocks
      | stock   |
      | <first> |
      | 2       |
    When <sold> are sold
    Then <left> are left

    Examples:
      | case | first | sold | left |
      | a    | 1     | 1    | 2    |
